#!/usr/bin/env bash
# Brings up a Docker engine, and a static busybox to make images of without a registry.
#
# Executed, it does so. Sourced, it defines engine_up, which does so and returns 1 where it cannot.

engine_say() { echo "engine: $*" >&2; }

engine_socket=/var/run/docker.sock
engine_log=/var/log/mist-dockerd.log
[ -w /var/log ] || engine_log=${TMPDIR:-/tmp}/mist-dockerd.log

# Does an engine answer? Curl first: it is quicker than the docker command, and that one may not be there.
engine_ping() {
  local host=${DOCKER_HOST:-unix://$engine_socket}
  if [ -z "${DOCKER_TLS_VERIFY:-}" ] && command -v curl >/dev/null 2>&1; then
    case $host in
      unix://*)
        curl -fs --max-time 3 --unix-socket "${host#unix://}" http://localhost/_ping >/dev/null 2>&1
        return ;;
      tcp://*)
        curl -fs --max-time 3 "http://${host#tcp://}/_ping" >/dev/null 2>&1
        return ;;
    esac
  fi
  command -v docker >/dev/null 2>&1 || return 1
  timeout 5 docker version --format '{{.Server.Version}}' >/dev/null 2>&1
}

# Some distributions' plain busybox is linked dynamically, and does not run in an empty image.
engine_busybox_is_static() {
  [ -x /bin/busybox ] && ! ldd /bin/busybox 2>/dev/null | grep -q '=>'
}

engine_can_install() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1
}

engine_install() {
  local out
  engine_say "installing $*"
  out=$(mktemp)
  if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; } >"$out" 2>&1
  then
    tail -n 20 "$out" >&2
    rm -f "$out"
    engine_say "could not install $*"
    return 1
  fi
  rm -f "$out"
}

engine_start() {
  local pid_file=/var/run/docker.pid old pid i
  if [ -d /run/systemd/system ] && systemctl start docker >/dev/null 2>&1; then
    engine_say "started docker.service"
    pid=
  else
    # An engine that was killed leaves its pid behind, and the next one takes whoever has it now for an engine.
    if [ -f "$pid_file" ]; then
      old=$(cat "$pid_file")
      [ "$(cat "/proc/$old/comm" 2>/dev/null)" = dockerd ] || rm -f "$pid_file"
    fi
    engine_say "starting dockerd, log in $engine_log"
    # A session of its own: Ctrl-C here is not meant for it.
    setsid nohup dockerd >>"$engine_log" 2>&1 </dev/null &
    pid=$!
  fi
  for ((i = 0; i < 60; i++)); do
    if engine_ping; then
      engine_say "up"
      return 0
    fi
    # Not at once: installing the package may have started one, which is on its way and has the lock.
    if [ -n "$pid" ] && [ "$i" -gt 10 ] && ! kill -0 "$pid" 2>/dev/null; then
      break
    fi
    sleep 0.5
  done
  engine_say "dockerd did not come up"
  tail -n 20 "$engine_log" >&2 2>/dev/null
  return 1
}

engine_up() {
  local packages=()
  if ! engine_ping; then
    if [ -n "${DOCKER_HOST:-}" ]; then
      engine_say "no Docker engine answers on DOCKER_HOST=$DOCKER_HOST; start it, or unset DOCKER_HOST."
      return 1
    fi
    if [ -S "$engine_socket" ] && [ "$(id -u)" != 0 ]; then
      engine_say "no Docker engine answers on $engine_socket; start Docker, or become a member of its group."
      return 1
    fi
    if ! command -v dockerd >/dev/null 2>&1; then
      if ! engine_can_install; then
        engine_say "no Docker engine answers on $engine_socket; install Docker and start it (Debian: apt-get install docker.io busybox-static)."
        return 1
      fi
      packages=(docker.io)
      engine_busybox_is_static || packages+=(busybox-static)
      engine_install "${packages[@]}" || return 1
      # Newer Debians have the client in a package of its own.
      command -v docker >/dev/null 2>&1 || engine_install docker-cli || return 1
      hash -r
    fi
    if ! engine_ping; then
      if [ "$(id -u)" != 0 ]; then
        engine_say "no Docker engine answers on $engine_socket; start Docker."
        return 1
      fi
      engine_start || return 1
    fi
  fi
  if ! engine_busybox_is_static; then
    if ! engine_can_install; then
      engine_say "no static /bin/busybox; install it (Debian: apt-get install busybox-static)."
      return 1
    fi
    engine_install busybox-static || return 1
  fi
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  engine_up || exit 1
  engine_say "ready on ${DOCKER_HOST:-unix://$engine_socket}"
fi
