# The policy module, where there is what compiles it: on Debian selinux-policy-dev, on Fedora selinux-policy-devel.
set(policy_makefile /usr/share/selinux/devel/Makefile)
find_program(CHECKMODULE checkmodule)
find_program(SEMODULE_PACKAGE semodule_package)
if(CHECKMODULE AND SEMODULE_PACKAGE AND EXISTS ${policy_makefile})
  set(module ${CMAKE_BINARY_DIR}/selinux/bext.pp)
  set(policy_sources selinux/bext.te selinux/bext.fc selinux/bext.if)
  add_custom_command(OUTPUT ${module} DEPENDS ${policy_sources}
                     COMMAND ${CMAKE_COMMAND} -E copy ${policy_sources} ${CMAKE_BINARY_DIR}/selinux
                     COMMAND make -s -C ${CMAKE_BINARY_DIR}/selinux -f ${policy_makefile} bext.pp
                     WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} VERBATIM)
  set_property(GLOBAL APPEND PROPERTY BEXT_PACKAGE_FILES ${module})
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/selinux)
  add_custom_target(selinux ALL DEPENDS ${module})
  install(FILES ${module} DESTINATION share/selinux/packages COMPONENT redhat EXCLUDE_FROM_ALL)
  install(FILES selinux/bext.if DESTINATION share/selinux/devel/include/contrib COMPONENT redhat EXCLUDE_FROM_ALL)
endif()
