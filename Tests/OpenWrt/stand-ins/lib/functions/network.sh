# Stands for OpenWrt's /lib/functions/network.sh: what netifd knows is a table, /var/run/networks, of lines
# with a network and its device. As there, a network that is down has none.
# shellcheck shell=dash

# network_get_device VARIABLE NETWORK
network_get_device() {
  local found
  found=$(sed -n "s/^$2 //p" "$IPKG_INSTROOT/var/run/networks" 2>/dev/null)
  eval "$1=\$found"
  [ -n "$found" ]
}

network_flush_cache() { :; }
