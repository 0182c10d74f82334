#!/bin/sh
# Compiles gatescope.bpf.c. Usage: build.sh [OUTPUT]; without OUTPUT, the committed object and its BUILT-WITH are replaced.
# Needs clang 14 or newer and libbpf's headers (Debian, Ubuntu, Fedora: libbpf-dev or libbpf-devel; Arch: libbpf).
set -eu
cd "$(dirname "$0")"
output=${1:-gatescope.bpf.o}
# Relative names and a mapped directory: the same object wherever the checkout lies.
clang -O2 -g -target bpf -mcpu=v2 -Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare \
	-fdebug-prefix-map="$PWD"=. -fdebug-compilation-dir=. -c gatescope.bpf.c -o "$output"
llvm-strip -g "$output" # drops DWARF; BTF, which libbpf needs, stays
[ $# -gt 0 ] || clang --version | head -n 1 >BUILT-WITH
