# Stands for OpenWrt's /lib/functions.sh: reads /etc/config, and does what packages need when they come and go.
# shellcheck shell=dash

reset_cb() {
  config_cb() { :; }
  option_cb() { :; }
  list_cb() { :; }
}
reset_cb

# As with OpenWrt's, lines that are wrong are as if they were not there.
config_load() {
  local lines name
  for name in $(set | sed -n 's/^\(CONFIG_[A-Za-z0-9_]*\)=.*/\1/p'); do unset "$name"; done
  CONFIG_SECTIONS='' CONFIG_SECTION='' config_count=0
  lines=$(uci -S export "$1" 2>/dev/null) || return 1
  eval "$lines"
  [ -z "$CONFIG_SECTION" ] || config_cb
}

package() { :; }

config() {
  config_count=$((config_count + 1))
  CONFIG_SECTION=${2:-$(printf 'cfg%02x92bd' "$config_count")}
  CONFIG_SECTIONS="$CONFIG_SECTIONS $CONFIG_SECTION"
  config_set "$CONFIG_SECTION" TYPE "$1"
  config_cb "$1" "$CONFIG_SECTION"
}

option() {
  config_set "$CONFIG_SECTION" "$1" "$2"
  option_cb "$1" "$2"
}

list() {
  local length all
  config_get length "$CONFIG_SECTION" "$1_LENGTH" 0
  config_get all "$CONFIG_SECTION" "$1"
  length=$((length + 1))
  config_set "$CONFIG_SECTION" "$1_ITEM$length" "$2"
  config_set "$CONFIG_SECTION" "$1_LENGTH" "$length"
  config_set "$CONFIG_SECTION" "$1" "${all:+$all }$2"
  list_cb "$1" "$2"
}

# config_get VARIABLE SECTION OPTION [DEFAULT]
config_get() {
  case $2$3 in
    *[!A-Za-z0-9_]*) : ;; # the variable stays as it is, as with OpenWrt's
    *) eval "$1=\${CONFIG_$2_$3:-\$4}" ;;
  esac
}

config_get_bool() {
  local value
  config_get value "$2" "$3"
  case $value in
    1 | on | true | yes | enabled) value=1 ;;
    0 | off | false | no | disabled) value=0 ;;
    *) value=$4 ;;
  esac
  eval "$1=\$value"
}

config_set() { eval "CONFIG_$1_$2=\$3"; }

# config_foreach FUNCTION [TYPE [ARGUMENT]...]
config_foreach() {
  local function="$1" type="$2" section found
  shift
  [ $# -eq 0 ] || shift
  for section in $CONFIG_SECTIONS; do
    config_get found "$section" TYPE
    if [ -z "$type" ] || [ "$type" = "$found" ]; then "$function" "$section" "$@"; fi
  done
}

# config_list_foreach SECTION OPTION FUNCTION [ARGUMENT]...
config_list_foreach() {
  local section="$1" option="$2" function="$3" length item=1 value
  shift 3
  config_get length "$section" "${option}_LENGTH" 0
  while [ "$item" -le "$length" ]; do
    config_get value "$section" "${option}_ITEM$item"
    "$function" "$value" "$@"
    item=$((item + 1))
  done
}

board_name() { cat "$IPKG_INSTROOT/tmp/sysinfo/board_name" 2>/dev/null || echo generic; }

group_exists() { grep -qs "^$1:" "$IPKG_INSTROOT/etc/group"; }

user_exists() { grep -qs "^$1:" "$IPKG_INSTROOT/etc/passwd"; }

group_add() { echo "$1:x:$2:" >> "$IPKG_INSTROOT/etc/group"; }

user_add() {
  echo "$1:x:$2:$3:$1:/var/run/$1:/bin/false" >> "$IPKG_INSTROOT/etc/passwd"
  echo "$1:x:0:0:99999:7:::" >> "$IPKG_INSTROOT/etc/shadow"
}

# Of opkg's record of a package, or of apk's: `Require-User: NAME=UID:GROUP=GID ...`
add_group_and_user() {
  local users user group
  users=$(sed -n 's/^Require-User: *//p' "$IPKG_INSTROOT/usr/lib/opkg/info/$pkgname.control" 2>/dev/null ||
    cat "$IPKG_INSTROOT/lib/apk/packages/$pkgname.rusers" 2>/dev/null)
  for user in $users; do
    group=${user#*:} user=${user%%:*}
    group_exists "${group%=*}" || group_add "${group%=*}" "${group#*=}"
    user_exists "${user%=*}" || user_add "${user%=*}" "${user#*=}" "${group#*=}"
  done
}

files_of_package() {
  cat "$IPKG_INSTROOT/usr/lib/opkg/info/$pkgname.list" 2>/dev/null ||
    cat "$IPKG_INSTROOT/lib/apk/packages/$pkgname.list" 2>/dev/null
}

# run_own SCRIPT: that of the package itself, with opkg; apk has it in the script that calls the functions below.
run_own() {
  local own="$IPKG_INSTROOT/usr/lib/opkg/info/$pkgname.$1-pkg"
  # shellcheck source=/dev/null
  [ ! -f "$own" ] || (. "$own")
}

# default_postinst SCRIPT: SCRIPT is NAME.postinst. With IPKG_INSTROOT, in the image builder, nothing is started.
default_postinst() {
  local pkgname="${pkgname:-$(basename "${1%.*}")}" file
  add_group_and_user
  if [ -z "$IPKG_INSTROOT" ]; then
    for file in $(files_of_package | grep '^/etc/uci-defaults/'); do
      # shellcheck source=/dev/null
      if [ -f "$file" ] && (. "$file"); then rm -f "$file"; fi
    done
  fi
  run_own postinst
  for file in $(files_of_package | grep '^/etc/init.d/'); do
    if [ -n "$IPKG_INSTROOT" ]; then
      sh "$IPKG_INSTROOT/etc/rc.common" "$IPKG_INSTROOT$file" enable
    else
      [ "$PKG_UPGRADE" = 1 ] || "$file" enable
      "$file" start
    fi
  done
}

default_prerm() {
  local pkgname="${pkgname:-$(basename "${1%.*}")}" file
  run_own prerm
  for file in $(files_of_package | grep '^/etc/init.d/'); do
    if [ -n "$IPKG_INSTROOT" ]; then
      sh "$IPKG_INSTROOT/etc/rc.common" "$IPKG_INSTROOT$file" disable
    else
      [ "$PKG_UPGRADE" = 1 ] || "$file" disable
      "$file" stop
    fi
  done
}
