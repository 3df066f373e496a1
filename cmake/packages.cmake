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
include(CPack)

file(GLOB_RECURSE package_sources CONFIGURE_DEPENDS debian/* rpm/* config/* logrotate/* needrestart/* completions/* systemd/* cmake/*)
foreach(generator DEB RPM)
  string(TOLOWER ${generator} name)
  add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/${name}.stamp
                     COMMAND ${CMAKE_CPACK_COMMAND} -G ${generator} > ${CMAKE_BINARY_DIR}/${name}.log
                     COMMAND ${CMAKE_COMMAND} -E touch ${CMAKE_BINARY_DIR}/${name}.stamp
                     DEPENDS bext-server bext bext-nginx-shim documents ${gzipped} ${package_sources} VERBATIM)
  add_custom_target(${name} DEPENDS ${CMAKE_BINARY_DIR}/${name}.stamp)
endforeach()
