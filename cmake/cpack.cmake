# What the two kinds of package do not share.
if(CPACK_GENERATOR STREQUAL "DEB")
  set(CPACK_COMPONENTS_ALL server debian)
else()
  set(CPACK_COMPONENTS_ALL server redhat)
endif()
