# Sourced, behind engine.sh: the proxies that tests put before the server.

# Not as services, which would take ports 80 and 443 (or fail to), now and at each start of the machine.
proxies_install() (
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
  engine_install "$@" || exit 1
  [ ! -d /run/systemd/system ] || systemctl disable --quiet --now "$@" 2>/dev/null || true
)

proxies_up() {
  local missing=() name
  for name in nginx caddy; do
    PATH=$PATH:/usr/sbin command -v "$name" >/dev/null 2>&1 || missing+=("$name")
  done
  [ "${#missing[@]}" -gt 0 ] || return 0
  if ! engine_can_install; then
    engine_say "missing for tests: ${missing[*]}; install it (Debian: apt-get install ${missing[*]})."
    return 1
  fi
  proxies_install "${missing[@]}"
}
