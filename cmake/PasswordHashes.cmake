# libargon2 and the C library's crypt, which bring no CMake packages.
foreach(entry "Argon2;argon2.h;argon2" "Crypt;crypt.h;crypt")
  list(GET entry 0 name)
  list(GET entry 1 header)
  list(GET entry 2 library)
  if(NOT TARGET ${name}::${name})
    find_path(AUTHPLANE_${name}_INCLUDE ${header} REQUIRED)
    find_library(AUTHPLANE_${name}_LIBRARY ${library} REQUIRED)
    mark_as_advanced(AUTHPLANE_${name}_INCLUDE AUTHPLANE_${name}_LIBRARY)
    add_library(${name}::${name} UNKNOWN IMPORTED GLOBAL)
    set_target_properties(${name}::${name} PROPERTIES IMPORTED_LOCATION "${AUTHPLANE_${name}_LIBRARY}"
                                                      INTERFACE_INCLUDE_DIRECTORIES "${AUTHPLANE_${name}_INCLUDE}")
  endif()
endforeach()
