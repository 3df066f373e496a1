# The packages and what stands beside the programs in them.
add_test(NAME package.build COMMAND ${CMAKE_COMMAND} --build ${CMAKE_BINARY_DIR} --target deb rpm)
set_tests_properties(package.build PROPERTIES FIXTURES_SETUP packages RUN_SERIAL TRUE)
add_test(NAME package.lintian WORKING_DIRECTORY ${CMAKE_BINARY_DIR}
         COMMAND sh -c "exec lintian --pedantic --display-info --fail-on error,warning,info,pedantic bext_${PROJECT_VERSION}-*.deb")
add_test(NAME package.rpmlint WORKING_DIRECTORY ${CMAKE_BINARY_DIR}
         COMMAND sh -c "rpmlint --config ${CMAKE_SOURCE_DIR}/rpm/rpmlint.toml bext-${PROJECT_VERSION}-*.rpm | tee rpmlint.log; grep -q ' 0 errors, 0 warnings' rpmlint.log")
set_tests_properties(package.lintian package.rpmlint PROPERTIES FIXTURES_REQUIRED packages)
if(TARGET selinux)
  add_test(NAME package.selinux COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/package/selinux.py ${CMAKE_BINARY_DIR}/selinux/bext.pp)
  set_tests_properties(package.selinux PROPERTIES FIXTURES_REQUIRED packages)
endif()

file(GLOB scripts CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/debian/p* ${CMAKE_SOURCE_DIR}/debian/*.sh ${CMAKE_SOURCE_DIR}/systemd/*.sh ${CMAKE_SOURCE_DIR}/needrestart/*)
add_test(NAME package.shellcheck COMMAND shellcheck ${scripts})
file(GLOB scriptlets CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/rpm/*.sh)
# rpm adds the first line, and a trigger of its own may follow
add_test(NAME package.scriptlets COMMAND sh -c "for one; do sed '/^%trigger/d' $one | shellcheck --shell=sh - || exit 1; done" sh ${scriptlets})
add_test(NAME package.man COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/package/man.py ${CMAKE_BINARY_DIR})
add_test(NAME package.manual COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/man/make.py --check ${CMAKE_BINARY_DIR})
add_test(NAME package.completions COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/package/completions.sh WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}/completions)
