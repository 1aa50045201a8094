# Stands for the file of this name in OpenWrt's SDK, as far as the package uses it. Called with TOPDIR, the folder that
# this is in, and ARCH_PACKAGES.
INCLUDE_DIR:=$(TOPDIR)/include
BUILD_DIR:=$(TOPDIR)/build_dir
CP:=cp -fpR
INSTALL_DIR:=install -d -m0755

# What a package has to turn off if its programs are to stay as they are.
RSTRIP:=sh -c 'for file in "$$0"/usr/bin/*; do : > "$$file"; done'
STRIP:=$(RSTRIP)
