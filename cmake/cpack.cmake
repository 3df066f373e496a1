# What the two kinds of package do not share.
if(CPACK_GENERATOR STREQUAL "DEB")
  set(CPACK_COMPONENTS_ALL server debian)
  set(CPACK_STRIP_FILES OFF) # what is taken off goes into the -dbgsym package
else()
  set(CPACK_COMPONENTS_ALL server redhat)
  set(CPACK_STRIP_FILES ON)
endif()
