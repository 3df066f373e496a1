# `cmake --build BUILD --target deb` and `--target rpm`: the packages, made again when something in them has changed.
file(STRINGS debian/changelog newest LIMIT_COUNT 1)
string(REGEX MATCH "^bext \\(${PROJECT_VERSION}-([0-9]+)\\)" known "${newest}")
if(NOT known)
  message(FATAL_ERROR "debian/changelog does not begin with version ${PROJECT_VERSION}: ${newest}")
endif()
set(release ${CMAKE_MATCH_1})
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS debian/changelog)

set(CPACK_PACKAGE_NAME bext)
set(CPACK_PACKAGE_VENDOR "bext")
set(CPACK_PACKAGE_CONTACT "Seed 5a6f69ca maintainers <maintainers@users.noreply.b-seed-5a6f69ca.example>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "web server that takes nginx's place without dropping a request")
set(CPACK_PACKAGE_DESCRIPTION "bext reads nginx.conf unchanged and answers with nginx's bytes: virtual hosts,
static files, proxying, FastCGI, TLS.

Reloads close no connection, and an upgrade of the package changes the running
server without losing a request. Installing it starts nothing: nginx keeps its
ports until bext is told to take over.")
set(CPACK_PACKAGING_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_SOURCE_DIR}/cmake/cpack.cmake)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_SOURCE_DIR}/cmake/strip.cmake)
set(CPACK_POST_BUILD_SCRIPTS ${CMAKE_SOURCE_DIR}/cmake/debug_symbols.cmake)
set(CPACK_GENERATOR DEB)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE ${release})
set(CPACK_DEBIAN_PACKAGE_SECTION httpd)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "init-system-helpers (>= 1.54~)")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS logrotate)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "nginx, needrestart")
set(CPACK_DEBIAN_PACKAGE_PROVIDES httpd)
set(CPACK_DEBIAN_DEBUGINFO_PACKAGE ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA conffiles postinst postrm prerm)
list(TRANSFORM CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA PREPEND ${CMAKE_SOURCE_DIR}/debian/)

set(CPACK_RPM_COMPONENT_INSTALL ON)
set(CPACK_PACKAGE_RELOCATABLE OFF)
set(CPACK_RPM_FILE_NAME RPM-DEFAULT)
set(CPACK_RPM_PACKAGE_RELEASE ${release})
set(CPACK_RPM_PACKAGE_LICENSE Apache-2.0)
set(CPACK_RPM_PACKAGE_GROUP "System Environment/Daemons")
set(CPACK_RPM_PACKAGE_PROVIDES webserver)
set(CPACK_RPM_PACKAGE_SUMMARY "Web server that takes nginx's place without dropping a request")
set(CPACK_RPM_PACKAGE_DESCRIPTION "${CPACK_PACKAGE_DESCRIPTION}")
set(CPACK_RPM_PACKAGE_REQUIRES "logrotate, systemd")
set(CPACK_RPM_CHANGELOG_FILE ${CMAKE_SOURCE_DIR}/rpm/changelog)
set(CPACK_RPM_POST_INSTALL_SCRIPT_FILE ${CMAKE_SOURCE_DIR}/rpm/post.sh)
set(CPACK_RPM_PRE_UNINSTALL_SCRIPT_FILE ${CMAKE_SOURCE_DIR}/rpm/preun.sh)
set(CPACK_RPM_POST_UNINSTALL_SCRIPT_FILE ${CMAKE_SOURCE_DIR}/rpm/postun.sh)
set(CPACK_RPM_POST_TRANS_SCRIPT_FILE ${CMAKE_SOURCE_DIR}/rpm/posttrans.sh)
set(CPACK_RPM_USER_FILELIST "%config(noreplace) %attr(0640,root,root) /etc/bext/bext.config.toml" "%config(noreplace) /etc/logrotate.d/bext"
    "%license ${CMAKE_INSTALL_PREFIX}/share/licenses/bext/LICENSE")
# Directories that are the distribution's own.
set(CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST_ADDITION /etc/logrotate.d /var /var/lib /var/log)
foreach(directory sbin lib/systemd lib/systemd/system share/man share/man/man1 share/man/man5 share/man/man8 share/licenses
        share/bash-completion share/bash-completion/completions share/fish share/fish/vendor_completions.d
        share/zsh share/zsh/site-functions share/selinux share/selinux/packages share/selinux/devel share/selinux/devel/include
        share/selinux/devel/include/contrib)
  list(APPEND CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST_ADDITION ${CMAKE_INSTALL_PREFIX}/${directory})
endforeach()
include(CPack)

get_property(package_files GLOBAL PROPERTY BEXT_PACKAGE_FILES)
file(GLOB_RECURSE package_sources CONFIGURE_DEPENDS docs/* debian/* rpm/* config/* logrotate/* needrestart/* completions/* systemd/* cmake/*)
foreach(generator DEB RPM)
  string(TOLOWER ${generator} name)
  add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/${name}.stamp
                     COMMAND ${CMAKE_CPACK_COMMAND} -G ${generator} > ${CMAKE_BINARY_DIR}/${name}.log
                     COMMAND ${CMAKE_COMMAND} -E touch ${CMAKE_BINARY_DIR}/${name}.stamp
                     DEPENDS bext-server bext bext-nginx-shim ${package_files} ${package_sources} VERBATIM)
  add_custom_target(${name} DEPENDS ${CMAKE_BINARY_DIR}/${name}.stamp)
endforeach()
