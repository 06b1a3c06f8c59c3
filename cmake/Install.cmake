# Installs headers, libraries and the CMake package `authplane` (find_package(authplane CONFIG)), and the server binary.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/authplane)
install(DIRECTORY sdk/include/ mcp/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(EXPORT authplaneTargets NAMESPACE authplane:: DESTINATION ${package_dir})
configure_package_config_file(cmake/authplaneConfig.cmake.in ${PROJECT_BINARY_DIR}/authplaneConfig.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/authplaneConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/authplaneConfig.cmake ${PROJECT_BINARY_DIR}/authplaneConfigVersion.cmake
              cmake/FindHttplib.cmake DESTINATION ${package_dir})

configure_file(cmake/authplane.pc.in ${PROJECT_BINARY_DIR}/authplane.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/authplane.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

