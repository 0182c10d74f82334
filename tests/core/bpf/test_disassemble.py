from core.bpf import program as bpf
from core.bpf.build import build_filter
from core.bpf.disassemble import disassemble
from core.bpf.program import encode_program, instruction
from core.policy.model import Rule
from tests.core.bpf.policies import arg, policy, rule


def test_names_stand_beside_the_numbers() -> None:
    lines = disassemble(build_filter(policy(rule("openat", "errno:EACCES", arg(2, "==", 1)), rule(700, "trap"), bad_arch="kill-thread")))
    comments = [line.comment for line in lines]
    for words in (
        "arch",
        "x86_64",
        "nr",
        "openat",
        "call 700",
        "args[2] high",
        "args[2] low",
        "args[2] low == O_WRONLY",
        "errno:EACCES",
        "trap",
        "allow",
        "kill-thread",
    ):
        assert words in comments


def comments(*rules: Rule, **more: object) -> set[str]:
    return {line.comment for line in disassemble(build_filter(policy(*rules, **more)))}


def test_arguments_are_named_where_only_one_call_can_lead_there() -> None:
    of_socket = rule("socket", "errno:1", arg(0, "==", 2), arg(1, "&==", 3, 0xF))
    assert {"args[0] low == AF_INET", "masked args[1] low == SOCK_RAW"} <= comments(of_socket, rule("connect", "errno:2", arg(0, "==", 5)))
    assert "args[0] low == AF_INET" in comments(of_socket, *(rule(call, f"errno:{call}") for call in range(60, 90)))  # a binary search
    assert "args[0] low == 0x5" in comments(rule("connect", "errno:2", arg(0, "==", 5)))
    both = Rule(syscalls=("socket", "openat"), action="errno:1", args=(arg(2, "==", 1),))
    assert "args[2] low == 0x1" in comments(both)  # a protocol for the one, O_WRONLY for the other, and one test for both


def test_of_flags_those_are_named_that_the_mask_leaves() -> None:
    assert "masked args[2] low == O_CREAT" in comments(rule("openat", "errno:1", arg(2, "&==", 0o100, 0o100)))
    assert "masked args[2] low == O_RDONLY" in comments(rule("openat", "errno:1", arg(2, "&==", 0, 3)))
    assert "masked args[2] low == O_WRONLY|O_CREAT" in comments(rule("openat", "errno:1", arg(2, "&==", 0o101, 0o103)))
    assert "args[0] low == AT_FDCWD" in comments(rule("openat", "errno:1", arg(0, "==", 0xFFFFFF9C)))


def test_each_label_stands_where_the_jumps_lead() -> None:
    lines = disassemble(build_filter(policy(rule("openat", "errno:EACCES"), rule("socket", "trap", arg(0, ">", 5)))))
    named = {label for line in lines for label in line.labels}
    used = {word.strip(",") for line in lines if line.text.startswith("j") for word in line.text.split() if word.startswith("L")}
    assert named == used
    for line in lines:
        assert all(label == f"L{line.index}" for label in line.labels)


def test_a_call_is_named_by_its_own_architecture() -> None:
    lines = disassemble(build_filter(policy(rule("openat", "errno:EACCES"), architectures=("native", "x86"))))
    named = {line.instruction.k for line in lines if line.comment.endswith("openat")}
    assert named >= {257, 295}


def test_every_instruction_has_a_text() -> None:
    program = encode_program(
        (
            instruction(bpf.LD | bpf.IMM, 7),
            instruction(bpf.ST, 3),
            instruction(bpf.LDX | bpf.MEM, 3),
            instruction(bpf.LD | bpf.LEN),
            instruction(bpf.ALU | bpf.ADD | bpf.X),
            instruction(bpf.ALU | bpf.NEG),
            instruction(bpf.MISC | bpf.TAX),
            instruction(bpf.JMP | bpf.JSET | bpf.X, 0, 0, 1),
            instruction(bpf.JMP | bpf.JA, 0),
            instruction(0x28, 12),
            instruction(bpf.RET | bpf.A),
        )
    )
    texts = [line.text for line in disassemble(program)]
    assert texts == [
        "ld #0x7",
        "st M[3]",
        "ldx M[3]",
        "ld #len",
        "add x",
        "neg",
        "tax",
        "jset x, next, L9",
        "ja next",
        "code 0x28, 0, 0, #0xc",
        "ret a",
    ]
