#!/usr/bin/env bash
# Runs a command with the address of a temporary PostgreSQL in DATABASE_URL and TEST_DATABASE_URL, and stops the server
# whatever happens:   tools/with-postgres.sh npm run test:pg
# Takes the newest installed PostgreSQL of version 15 or later; PG_BIN names another folder with initdb.
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
oldest=15

find_bin() {
  local folder version
  for folder in "${PG_BIN:-}" $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5 -nr) "$(dirname "$(command -v initdb || echo /nonexistent/initdb)")"; do
    [ -n "$folder" ] && [ -x "$folder/initdb" ] || continue
    version=$("$folder/initdb" --version | grep -oE '[0-9]+' | head -1)
    if [ "$version" -ge "$oldest" ]; then echo "$folder"; return; fi
  done
  return 1
}

if [ "${1:-}" = '--find' ]; then find_bin; exit; fi
bin=$(find_bin) || { echo "no PostgreSQL $oldest or newer found; install one, or set PG_BIN" >&2; exit 1; }

# initdb and postgres refuse to run as root.
as_server() { if [ "$(id -u)" -eq 0 ]; then setpriv --reuid="$server_user" --regid="$server_group" --clear-groups -- "$@"; else "$@"; fi; }
server_user=nobody
id -u postgres >/dev/null 2>&1 && server_user=postgres
server_group=$(id -g "$server_user")

home=$(mktemp -d /tmp/usher-pg-XXXXXX)
cleanup() {
  as_server "$bin/pg_ctl" -D "$home/data" -m immediate -w stop >/dev/null 2>&1 || true
  rm -rf "$home"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP
if [ "$(id -u)" -eq 0 ]; then chown "$server_user:$server_group" "$home"; fi

port=$(node -e "const s = require('node:net').createServer().listen(0, '127.0.0.1', () => { console.log(s.address().port); s.close() })")
cd "$home"
as_server "$bin/initdb" -D "$home/data" -U usher -A trust -E UTF8 --locale=C --no-sync >/dev/null
# Durability is PostgreSQL's own affair and not what these tests look at.
as_server "$bin/pg_ctl" -D "$home/data" -l "$home/log" -w -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$home -c fsync=off -c max_connections=60" start >/dev/null \
  || { cat "$home/log" >&2; exit 1; }

export TEST_DATABASE_URL="postgres://usher@127.0.0.1:$port/postgres"
export DATABASE_URL="$TEST_DATABASE_URL"
cd "$here"
"$@"
