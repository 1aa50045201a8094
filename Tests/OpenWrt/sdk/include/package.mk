# Stands for the file of this name in OpenWrt's SDK: does what that does to make an .ipk, up to the packing. Leaves the
# tree in build_dir/ipkg-ARCH/NAME, and beside it in NAME.control what goes into control.tar.gz but for the scripts
# that all packages have.
comma:=,
empty:=
space:=$(empty) $(empty)
list=$(subst $(space),$(comma)$(space),$(strip $(1)))

define Package/Default
  SECTION:=opt
  CATEGORY:=Extra packages
  DEPENDS:=
  SOURCE:=$(patsubst $(TOPDIR)/%,%,$(CURDIR))
  VERSION:=$(PKG_VERSION)-r$(PKG_RELEASE)
  MAINTAINER:=$(PKG_MAINTAINER)
  LICENSE:=$(PKG_LICENSE)
endef

# For those that a package does not bring itself.
Build/Prepare=false
Build/Configure=false
Build/Compile=false

# Which processors a package is for is no dependency; on the package of the C library every one depends.
define CONTROL
Package: $(PKG_NAME)
Version: $(VERSION)
Depends: $(call list,libc $(filter-out @%,$(DEPENDS)))
Alternatives: $(call list,$(ALTERNATIVES))
Source: $(SOURCE)
SourceName: $(PKG_NAME)
License: $(LICENSE)
Section: $(SECTION)
Require-User: $(USERID)
Maintainer: $(MAINTAINER)
Architecture: $(ARCH_PACKAGES)
Description: $(Package/$(PKG_NAME)/description)
endef

define BuildPackage
$(eval $(Package/Default))
$(eval $(Package/$(1)))
$(foreach field,TITLE CATEGORY SECTION VERSION,$(if $($(field)),,$(error Package/$(1) has no $(field))))
TREE:=$(BUILD_DIR)/ipkg-$(ARCH_PACKAGES)/$(1)

compile: control

tree:
	rm -rf $$(TREE) $$(TREE).control
	mkdir -p $$(TREE) $$(TREE).control
	$(Build/Prepare)
	$(Build/Configure)
	$(Build/Compile)
	$$(call Package/$(1)/install,$$(TREE))
	$(RSTRIP) $$(TREE)

control: tree
	$$(file > $$(TREE).control/conffiles,$$(Package/$(1)/conffiles))
	$$(file > $$(TREE).control/postinst-pkg,$$(Package/$(1)/postinst))
	$$(file > $$(TREE).control/prerm-pkg,$$(Package/$(1)/prerm))
	$$(file > $$(TREE).control/control,$$(CONTROL))
	sed -i 's/^[[:space:]][[:space:]]*/ /; /: *$$$$/d' $$(TREE).control/control

.PHONY: compile tree control
endef
