# Sourced: checks for what a build needs, each with a sentence that says what to do.

tools_fail() { echo "$*" >&2; exit 1; }

# The feature version of the JDK in a directory, or nothing if there is no JDK.
tools_jdk_version() {
  [ -x "$1/bin/javac" ] && [ -r "$1/release" ] || return 0
  sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release"
}

# The directory of the JDK in use, or nothing.
tools_jdk_home() {
  local javac
  if [ -n "${JAVA_HOME:-}" ]; then
    echo "$JAVA_HOME"
  elif javac=$(command -v javac); then
    dirname "$(dirname "$(readlink -f "$javac")")"
  fi
}

tools_check() {
  local home version
  command -v git >/dev/null 2>&1 || tools_fail "git is missing. Install it (Debian: apt-get install git)."
  command -v mvn >/dev/null 2>&1 || tools_fail "Maven is missing. Install it (Debian: apt-get install maven)."
  home=$(tools_jdk_home)
  [ -n "$home" ] || tools_fail "A JDK is missing, 17 or newer. Install one (Debian: apt-get install openjdk-17-jdk-headless)."
  version=$(tools_jdk_version "$home")
  [ "${version:-0}" -ge 17 ] || tools_fail "A JDK 17 or newer is needed, and $home is not one. Set JAVA_HOME to one."
}
