# Sourced by packaging/run and packaging/test: brings the checkout's environment up, or finds in milliseconds that it is.
# shellcheck shell=bash
set -euo pipefail

checkout="$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.." && pwd -P)"
venv="$checkout/.venv"
requirements="$checkout/packaging/requirements"
system_python=/usr/bin/python3

# Standard output belongs to the program that is started: everything said here goes to standard error.
say() { printf 'gatescope: %s\n' "$*" >&2; }
fail() {
    say "$*"
    exit 1
}

# shellcheck source=packaging/system.sh
source "$checkout/packaging/system.sh"

# ensure_environment run|test: returns with $venv complete and everything of the system there, or says what is missing and exits 1.
ensure_environment() {
    local level=$1
    if is_ready "$level"; then return; fi
    [[ -w $checkout ]] || fail "the environment is to be made in $checkout, where you may not write: use a copy of your own (git clone $checkout)"
    mkdir -p "$checkout/.cache"
    : 2>/dev/null >>"$checkout/.cache/setup.lock" || fail "$checkout/.cache/setup.lock belongs to another user: remove it (sudo rm -r $checkout/.cache $venv)"
    (
        flock --nonblock 9 || { say "another start is preparing the environment; waiting for it" && flock 9; }
        is_ready "$level" || prepare "$level"
    ) 9>"$checkout/.cache/setup.lock"
}

is_ready() {
    local level=$1
    is_complete "$level" && read_needs run present && ((${#needs[@]} == 0))
}

# The environment for tests holds all that running needs.
is_complete() {
    [[ -x $venv/bin/python && -x $venv/bin/gatescope ]] || return 1
    is_stamped "$1" || { [[ $1 == run ]] && is_stamped test; }
}

is_stamped() { [[ -r $venv/$1.stamp && $(<"$venv/$1.stamp") == "$(stamp "$1")" ]]; }

# All that the environment was made from: another place (its scripts hold absolute paths), another interpreter, other
# requirements or another pyproject.toml ask for it to be made anew.
stamp() {
    { printf '%s\n' "$1" "$venv" "$(readlink -f -- "$venv/bin/python")" \
        && cat -- "$requirements/build.txt" "$requirements/$1.txt" "$checkout/pyproject.toml"; } | sha256sum
}

prepare() {
    local level=$1 whens=(build run)
    [[ $level == run ]] || whens+=(test)
    choose_python
    install_system_packages "${whens[@]}" 9>&-
    if is_complete "$level"; then return; fi
    make_venv
    rm -f -- "$venv"/*.stamp
    install_dependencies "$level"
    stamp "$level" >"$venv/$level.stamp"
}

# Sets $python: the first interpreter that is new enough and lacks nothing; else the first that is new enough, to be completed.
choose_python() {
    local candidate path fallback=
    for candidate in "$system_python" python3 python3.14 python3.13 python3.12 python3.11; do
        path=$(command -v "$candidate") || continue
        "$path" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
        python=$path
        if has_python ensurepip && has_python headers; then return; fi
        fallback=${fallback:-$path}
    done
    [[ -n $fallback ]] || fail "Python 3.11 or newer is needed and none was found (python3 is $(python3 --version 2>&1 || true)): install one, for example the package python3.12"
    python=$fallback
}

# A sound environment is kept and brought up to date; one that is broken, that was moved here or was made by an interpreter since replaced is made anew.
make_venv() {
    if is_sound; then return; fi
    [[ ! -e $venv && ! -L $venv ]] || say "making $venv anew: the one there is broken or was made elsewhere"
    rm -rf -- "$venv" || fail "cannot remove $venv: remove it yourself (sudo rm -r $venv)"
    "$python" -m venv "$venv" >&2 || fail "$python could not make a virtual environment in $venv"
    printf '%s\n' "$venv" >"$venv/place"
}

is_sound() {
    [[ -r $venv/place && $(<"$venv/place") == "$venv" && -w $venv ]] || return 1
    "$venv/bin/python" -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

install_dependencies() {
    local level=$1
    say "installing Gatescope's Python packages into $venv"
    # The build tools first: without build isolation python-prctl finds them in the environment, at their locked versions.
    install_locked build
    install_locked "$level"
    # setuptools warns that an editable installation reads the folders of the checkout: that is what it is for.
    PYTHONWARNINGS=ignore pip_install --no-index --no-deps --editable "$checkout" || fail "Gatescope itself could not be installed into $venv: see the lines above"
}

install_locked() {
    pip_install --require-hashes --no-deps --requirement "$requirements/$1.txt" \
        || fail "the Python packages of $requirements/$1.txt could not be installed: see the lines above (the first start needs the network)"
}

pip_install() {
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --no-build-isolation --use-pep517 "$@" >&2
}
