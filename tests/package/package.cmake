# The packages and what stands beside the programs in them.
add_test(NAME package.deb COMMAND ${CMAKE_COMMAND} --build ${CMAKE_BINARY_DIR} --target deb)
set_tests_properties(package.deb PROPERTIES FIXTURES_SETUP deb RUN_SERIAL TRUE)
add_test(NAME package.lintian WORKING_DIRECTORY ${CMAKE_BINARY_DIR}
         COMMAND sh -c "exec lintian --pedantic --display-info --fail-on error,warning,info,pedantic bext_${PROJECT_VERSION}-*.deb")
set_tests_properties(package.lintian PROPERTIES FIXTURES_REQUIRED deb)

file(GLOB scripts CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/debian/p* ${CMAKE_SOURCE_DIR}/debian/*.sh ${CMAKE_SOURCE_DIR}/needrestart/*)
add_test(NAME package.shellcheck COMMAND shellcheck ${scripts})
add_test(NAME package.man COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/package/man.py ${CMAKE_BINARY_DIR})
add_test(NAME package.completions COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/package/completions.sh WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}/completions)
