import pytest

from core.bpf import program as bpf
from core.bpf.program import Instruction, ProgramError, decode_program, encode_program, instruction
from core.bpf.validate import validate


def test_round_trip_in_the_kernels_layout() -> None:
    program = (instruction(bpf.LOAD, 4), instruction(bpf.JMP | bpf.JEQ, 0xC000003E, 1, 2), Instruction(bpf.RET, 0, 0, 0x7FFF0000))
    encoded = encode_program(program)
    assert encoded[:8] == bytes.fromhex("2000000004000000")
    assert encoded[8:16] == bytes.fromhex("150001023e0000c0")
    assert decode_program(encoded) == program


@pytest.mark.parametrize(("data", "words"), [(b"", "not 0"), (b"\0" * 12, "12 bytes"), (b"\0" * 8 * 4097, "not 4097")])
def test_a_wrong_length_is_named(data: bytes, words: str) -> None:
    with pytest.raises(ProgramError, match=words):
        decode_program(data)


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (instruction(bpf.LOAD, 2), "instruction 0: loads from offset 2"),
        (instruction(bpf.LOAD, 64), "offset 64"),
        (instruction(bpf.ALU | bpf.DIV), "divides by zero"),
        (instruction(bpf.ALU | bpf.LSH, 32), "shifts by 32"),
        (instruction(bpf.ALU | bpf.MOD, 2), "code 0x94 is not allowed"),
        (instruction(bpf.LD | bpf.MEM, 3), "memory word 3, which may not have been written"),
        (instruction(bpf.ST, 16), "memory word 16"),
        (instruction(bpf.JMP | bpf.JA, 1), "behind the end"),
    ],
)
def test_a_refusal_names_the_instruction_and_the_reason(one: Instruction, words: str) -> None:
    with pytest.raises(ProgramError, match=words):
        validate(encode_program((one, instruction(bpf.RET, 0))))


def test_a_filter_must_end_with_a_return() -> None:
    with pytest.raises(ProgramError, match="must end with a return"):
        validate(encode_program((instruction(bpf.LOAD, 0),)))
