# Stands for OpenWrt's /lib/functions/procd.sh and for half of procd: what a script would tell procd about its service
# becomes a file, $PROCD_DIR/SERVICE, with a line for each thing, its words as a shell quotes them:
#   instance NAME; param KEY WORD...; jail NAME WORD...; mount ro|rw PATH...   of one instance after the other
#   trigger reload PACKAGE; trigger interface EVENT NETWORK COMMAND...; mdns SERVICE PROTOCOL PORT...
# From that file, the one before and what stands in the files that an instance names, follows what procd would do:
# start, stop, restart, signal SIGNAL, or keep. That is a line of $PROCD_DIR/done, `VERB SERVICE [SIGNAL]`, and the
# command line of $PROCD, if there is such a program: it runs the service, and `$PROCD running SERVICE` tells whether it
# is there. Without it each service is there that has an instance. PROCD_DIR: by default /var/run/procd.
# shellcheck shell=dash
PROCD_DIR=${PROCD_DIR:-$IPKG_INSTROOT/var/run/procd}
PROCD=${PROCD:-$IPKG_INSTROOT/sbin/procd-stand-in}
mkdir -p "$PROCD_DIR"

procd_words() {
  local word line=''
  for word in "$@"; do
    line="$line '$(printf '%s' "$word" | sed "s/'/'\\\\''/g")'"
  done
  printf '%s' "$line"
}

procd_tell() { printf '%s\n' "$1$(shift; procd_words "$@")" >> "$PROCD_DIR/.new"; }

procd_do() {
  echo "$*" >> "$PROCD_DIR/done"
  [ ! -x "$PROCD" ] || "$PROCD" "$@"
}

procd_open_service() {
  procd_service=$1
  : > "$PROCD_DIR/.new"
}

procd_open_instance() { echo "instance ${1:-instance1}" >> "$PROCD_DIR/.new"; }
procd_close_instance() { :; }

procd_set_param() {
  local key="$1"
  shift
  procd_tell "param $key" "$@"
}

# Only for a parameter that is the last one so far, which is how it is used.
procd_append_param() {
  local key="$1" last
  shift
  last=$(tail -n 1 "$PROCD_DIR/.new")
  case $last in
    "param $key" | "param $key "*)
      sed '$d' "$PROCD_DIR/.new" > "$PROCD_DIR/.rest"
      mv "$PROCD_DIR/.rest" "$PROCD_DIR/.new"
      printf '%s\n' "$last$(procd_words "$@")" >> "$PROCD_DIR/.new" ;;
    *) procd_tell "param $key" "$@" ;;
  esac
}

procd_add_jail() { procd_tell jail "$@"; }
procd_add_jail_mount() { procd_tell 'mount ro' "$@"; }
procd_add_jail_mount_rw() { procd_tell 'mount rw' "$@"; }
procd_add_mdns() { procd_tell mdns "$@"; }

procd_add_reload_trigger() {
  local package
  for package in "$@"; do echo "trigger reload $package" >> "$PROCD_DIR/.new"; done
}

procd_add_interface_trigger() { procd_tell 'trigger interface' "$@"; }

procd_open_trigger() { :; }
procd_close_trigger() { :; }

# procd_instances FILE: what of it is about instances, with the sums of the files and the numbers of the network devices
# that they name.
procd_instances() {
  local files device
  [ -f "$1" ] || return 0
  grep -e '^instance ' -e '^param ' -e '^jail ' -e '^mount ' "$1"
  for device in $(sed -n "s/^param netdev//p" "$1" | tr -d "'"); do
    echo "$device $(cat "$IPKG_INSTROOT/sys/class/net/$device/ifindex" 2>/dev/null)"
  done
  files=$(sed -n 's/^param file//p' "$1")
  eval "set -- $files"
  [ $# -eq 0 ] || md5sum "$@" 2>&1
}

procd_close_service() {
  local record="$PROCD_DIR/$procd_service" signal=''
  service_triggers
  procd_instances "$PROCD_DIR/.new" > "$PROCD_DIR/.now"
  touch "$record.sums"
  if ! grep -q '^instance ' "$PROCD_DIR/.new"; then
    set -- keep
    [ ! -s "$record.sums" ] || set -- stop
  elif ! procd_running "$procd_service"; then
    set -- start
  elif cmp -s "$PROCD_DIR/.now" "$record.sums"; then
    set -- keep
  else
    signal=$(sed -n "s/^param reload_signal '\(.*\)'/\1/p" "$PROCD_DIR/.new")
    set -- "${signal:+signal}"
    [ -n "$signal" ] || set -- restart
  fi
  mv "$PROCD_DIR/.new" "$record"
  mv "$PROCD_DIR/.now" "$record.sums"
  procd_do "$1" "$procd_service" ${signal:+"$signal"}
}

procd_running() {
  if [ -x "$PROCD" ]; then
    "$PROCD" running "$1"
  else
    grep -qs '^instance ' "$PROCD_DIR/$1"
  fi
}

procd_kill() {
  rm -f "$PROCD_DIR/$1" "$PROCD_DIR/$1.sums"
  procd_do stop "$1"
}

# procd_send_signal SERVICE [INSTANCE [SIGNAL]]
procd_send_signal() { procd_do signal "$1" "${3:-HUP}"; }
