# Sourced by packaging/environment.sh, which sets $checkout, $system_python and $python: what is missing of the system, and its installation.
# shellcheck shell=bash disable=SC2154

needs=()         # what read_needs found missing: sentences
need_packages=() # and the packages that bring it, for the package manager found

# read_needs WHEN... MANAGER: fills $needs and $need_packages from system-packages.txt; MANAGER is the column of package names, or "present" to probe only.
read_needs() {
    local whens=" ${*:1:$#-1} " manager=${*: -1} when probe apt dnf pacman why
    libraries=$(list_libraries)
    needs=() need_packages=()
    # shellcheck disable=SC2034  # apt, dnf and pacman are read through ${!manager}
    while IFS='|' read -r when probe apt dnf pacman why; do
        # shellcheck disable=SC2086  # each field is split at blanks, on purpose
        set -- $when
        [[ $# == 1 && $1 != '#' && $whens == *" $1 "* ]] || continue
        # shellcheck disable=SC2086
        set -- $probe
        if "has_$1" "$2"; then continue; fi
        needs+=("$2:${why# }")
        [[ $manager == present ]] || add_packages "${!manager}"
    done <"$checkout/packaging/system-packages.txt"
}

add_packages() {
    local package
    for package in ${1//'{python}'/$(python_package)}; do
        [[ " ${need_packages[*]} " == *" $package "* ]] || need_packages+=("$package")
    done
}

# Distributions call their own interpreter's package python3, and others' by the version.
python_package() {
    if [[ $python == "$system_python" ]]; then echo python3; else basename -- "$python"; fi
}

list_libraries() { PATH=$PATH:/sbin:/usr/sbin ldconfig -p 2>/dev/null || true; }

has_command() { PATH=$PATH:/sbin:/usr/sbin command -v -- "$1" >/dev/null; }
has_library() { [[ $libraries == *$'\t'"$1 ("* ]]; }
has_header() { compgen -G "/usr/include/$1" >/dev/null || compgen -G "/usr/include/*-linux-gnu*/$1" >/dev/null; }
has_font() { [[ -n $(fc-list "$1" family 2>/dev/null) ]]; }
has_python() {
    if [[ $1 == headers ]]; then
        [[ -e $("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h ]]
    else
        "$python" -c "import venv, $1" 2>/dev/null
    fi
}

# install_system_packages WHEN...: installs what is missing, saying what and why; exits 1 with the command to run where it may not.
install_system_packages() {
    local manager need
    manager=$(find_manager)
    read_needs "$@" "${manager:-present}"
    if ((${#needs[@]} == 0)); then return; fi
    say "missing on this system:"
    for need in "${needs[@]}"; do say "  ${need%%:*} (${need#*:})"; done
    if [[ -z $manager ]]; then
        # A library may be where no probe looks (Nix, Guix): go on, and let what really lacks it say so.
        say "none of apt-get, dnf and pacman is here to install it: install it your system's way if Gatescope does not start"
        return
    fi
    become_root "$manager"
    say "installing ${need_packages[*]}"
    "install_with_$manager" >&2 </dev/null || fail "the system's packages could not be installed: see the lines above, or install them yourself: $(command_line "$manager")"
    read_needs "$@" "$manager"
    ((${#needs[@]} == 0)) || fail "still missing after installation: ${needs[*]%%:*}"
}

find_manager() {
    local manager
    for manager in apt dnf pacman; do
        if command -v "${manager/apt/apt-get}" >/dev/null; then echo "$manager" && return; fi
    done
}

# Sets $as_root: the words before a command that needs root.
become_root() {
    as_root=()
    if ((EUID == 0)); then return; fi
    as_root=(sudo)
    if has_command sudo && { sudo -n true 2>/dev/null || [[ -t 0 && -t 2 ]]; }; then return; fi
    fail "you are not root, and sudo cannot be used here. Ask an administrator to run: $(command_line "$1")"
}

command_line() {
    case $1 in
        apt) echo "apt-get update && apt-get install --no-install-recommends ${need_packages[*]}" ;;
        dnf) echo "dnf install ${need_packages[*]}" ;;
        pacman) echo "pacman -S --needed ${need_packages[*]}" ;;
    esac
}

install_with_apt() {
    "${as_root[@]}" apt-get update --quiet=2 || return 1
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --quiet=2 --yes --no-install-recommends "${need_packages[@]}"
}

install_with_dnf() { "${as_root[@]}" dnf install --quiet --assumeyes --setopt=install_weak_deps=False "${need_packages[@]}"; }

# A fresh Arch has no package lists: they come with an upgrade of the whole, since Arch knows no partial one.
install_with_pacman() {
    local refresh=
    compgen -G '/var/lib/pacman/sync/*.db' >/dev/null || refresh=yu
    "${as_root[@]}" pacman -S"$refresh" --needed --noconfirm "${need_packages[@]}"
}
