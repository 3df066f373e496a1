# What goes where. Components: server everywhere, debian and redhat only in the package of that family.
install(TARGETS bext-server RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR} COMPONENT server)
install(TARGETS bext RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT server)
install(PROGRAMS $<TARGET_FILE:bext-nginx-shim> DESTINATION lib/bext RENAME nginx COMPONENT server)

install(PROGRAMS systemd/give-back.sh DESTINATION lib/bext RENAME give-back COMPONENT server)

# The units name the binary where it will be. systemd looks below lib/ whatever the libraries' directory is.
set(BEXT_BINDIR ${CMAKE_INSTALL_FULL_BINDIR})
set(BEXT_SBINDIR ${CMAKE_INSTALL_FULL_SBINDIR})
foreach(unit bext bext-deploy bext-masquerade-fallback bext-recover)
  configure_file(systemd/${unit}.service.in systemd/${unit}.service @ONLY)
endforeach()
install(FILES ${CMAKE_BINARY_DIR}/systemd/bext.service ${CMAKE_BINARY_DIR}/systemd/bext-deploy.service systemd/bext-fallback.service
              ${CMAKE_BINARY_DIR}/systemd/bext-masquerade-fallback.service ${CMAKE_BINARY_DIR}/systemd/bext-recover.service
        DESTINATION lib/systemd/system COMPONENT server)
install(FILES systemd/logrotate.conf DESTINATION lib/systemd/system/logrotate.service.d RENAME bext.conf COMPONENT server)

install(FILES config/bext.config.toml DESTINATION /etc/bext PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ COMPONENT server)
install(FILES logrotate/bext DESTINATION /etc/logrotate.d COMPONENT server)
install(PROGRAMS needrestart/bext.service needrestart/nginx.service DESTINATION /etc/needrestart/restart.d COMPONENT debian)

foreach(command bext bext-server)
  install(FILES completions/bext.bash DESTINATION share/bash-completion/completions RENAME ${command} COMPONENT server)
  install(FILES completions/${command}.fish DESTINATION share/fish/vendor_completions.d COMPONENT server)
endforeach()
install(FILES completions/bext.zsh DESTINATION share/zsh/vendor-completions RENAME _bext COMPONENT debian)
install(FILES completions/bext.zsh DESTINATION share/zsh/site-functions RENAME _bext COMPONENT redhat EXCLUDE_FROM_ALL)

find_program(GZIP gzip REQUIRED)
function(install_gzipped file name destination component)
  set(packed ${CMAKE_BINARY_DIR}/gzipped/${name}.gz)
  add_custom_command(OUTPUT ${packed} COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/gzipped
                     COMMAND ${GZIP} -9nc ${file} > ${packed} DEPENDS ${file} VERBATIM)
  set_property(GLOBAL APPEND PROPERTY BEXT_PACKAGE_FILES ${packed})
  install(FILES ${packed} DESTINATION ${destination} COMPONENT ${component})
endfunction()
foreach(page bext.1 bext-server.8 bext-nginx.8 bext.config.toml.5)
  string(REGEX MATCH "[0-9]$" section ${page})
  install_gzipped(${CMAKE_SOURCE_DIR}/man/${page} ${page} share/man/man${section} server)
endforeach()
install_gzipped(${CMAKE_SOURCE_DIR}/debian/changelog changelog.Debian share/doc/bext debian)
get_property(gzipped GLOBAL PROPERTY BEXT_PACKAGE_FILES)
add_custom_target(documents ALL DEPENDS ${gzipped})
install(DIRECTORY DESTINATION /var/lib/bext COMPONENT redhat EXCLUDE_FROM_ALL)
install(DIRECTORY DESTINATION /var/log/bext COMPONENT redhat EXCLUDE_FROM_ALL)
install(FILES LICENSE DESTINATION share/licenses/bext COMPONENT redhat EXCLUDE_FROM_ALL)
install(FILES debian/copyright DESTINATION share/doc/bext COMPONENT debian)
# For administrators, who read takeover.md, masquerade.md, install.md and differences.md; the rest is what these refer to.
install(DIRECTORY docs/ DESTINATION share/doc/bext COMPONENT server FILES_MATCHING PATTERN "*.md" PATTERN "*.yaml")
install(FILES debian/lintian-overrides DESTINATION share/lintian/overrides RENAME bext COMPONENT debian)
