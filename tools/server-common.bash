# What tools/mariadb, tools/mysql9 and tools/galera share. Bash 3.2, which macOS has, must be able to read it.

die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

usage() { sed -n '2,/^set /s/^# \{0,1\}//p' "$0" >&2; exit 2; }

# The one name of a directory, so that a server is known again however its directory was written.
directory() { (cd "$1" 2>/dev/null && pwd -P) || echo "$1"; }

make_directory() { mkdir -p "$1" && chmod 700 "$1" && directory "$1"; }

command_line() {
  if [[ -d /proc/self ]]; then
    tr '\0' ' ' 2>/dev/null <"/proc/$1/cmdline"
  else
    ps -ww -o command= -p "$1"
  fi
}

# Whether process PID is the server of directory DIR: a file with a process id may outlive its process.
runs() { [[ "$(command_line "$1" 2>/dev/null) " = *"--defaults-file=$2/my.cnf "* ]]; } 2>/dev/null

pid_of() {
  local pid
  pid=$(cat "$1/pid" 2>/dev/null) && [[ $pid =~ ^[0-9]+$ ]] && runs "$pid" "$1" && echo "$pid"
}

# The port asked for, else the one it had, else a free one below the range for outgoing connections.
port_for() {
  local port=$2
  ((port)) || port=$(sed -n 's/^port = //p' "$1/my.cnf" 2>/dev/null) || true
  if ! ((port)); then
    while port=$((20000 + RANDOM % 12000)); (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
  fi
  echo "$port"
}

# A socket's path may have about 100 characters, a temporary directory's more.
socket_for() {
  local sock=$1/mysqld.sock
  ((${#sock} < 100)) || sock=/tmp/countersign-$(echo "$1" | cksum | cut -d' ' -f1).sock
  echo "$sock"
}

make_password() {
  [[ -s $1/password ]] || (umask 077; od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$1/password")
}

print_url() { echo "mysql+pymysql://countersign:$(cat "$1/password")@127.0.0.1:$2/countersign?charset=utf8mb4"; }

# Tests may be killed with no chance to clean up; their server is not to stay behind.
watch_owner() {
  [[ ${SERVER_OWNER:-} ]] || return 0
  set -m      # what kills the owner's whole process group must not reach the watch
  (
    trap '' INT HUP
    while kill -0 "$SERVER_OWNER" 2>/dev/null; do
      runs "$2" "$1" || exit 0
      sleep 1
    done
    runs "$2" "$1" && kill -KILL "$2"
  ) </dev/null >/dev/null 2>&1 &
  set +m
}

stop() { # stop DIR SIGNAL, and wait for the end
  local dir pid tries=0
  dir=$(directory "$1")
  pid=$(pid_of "$dir") || { echo "$(basename "$0"): not running in $dir" >&2; return 0; }
  kill -"$2" "$pid"
  while runs "$pid" "$dir"; do
    ((++tries < 600)) || { kill -KILL "$pid"; die "process $pid did not stop in 60 s: killed"; }
    sleep 0.1
  done
}
