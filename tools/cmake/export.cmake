# What find_package(grokking) finds where `cmake --install` has put it: the functions of this folder, and the
# files that declarations may name.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

block() # its variables are its own
set(programs_dir ${CMAKE_INSTALL_LIBEXECDIR}/grokking)
set(data_dir ${CMAKE_INSTALL_DATADIR}/grokking)
set(cmake_dir ${data_dir}/cmake)
get_property(programs GLOBAL PROPERTY PROGRAMS)
list(JOIN programs " " program_words)

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/grokkingConfig.cmake.in
  ${PROJECT_BINARY_DIR}/grokkingConfig.cmake INSTALL_DESTINATION ${cmake_dir}
  PATH_VARS programs_dir data_dir)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/grokkingConfigVersion.cmake
  COMPATIBILITY SameMajorVersion ARCH_INDEPENDENT)
install(FILES ${PROJECT_BINARY_DIR}/grokkingConfig.cmake ${PROJECT_BINARY_DIR}/grokkingConfigVersion.cmake
  DESTINATION ${cmake_dir})

set(declarations grokking.cmake launcher.cmake runs.cmake figures.cmake claims.cmake slurm.sh grid.ini.in
                 map.ini.in)
list(TRANSFORM declarations PREPEND ${CMAKE_CURRENT_LIST_DIR}/)
install(FILES ${declarations} DESTINATION ${cmake_dir})
install(PROGRAMS ${CMAKE_CURRENT_LIST_DIR}/those-there.sh DESTINATION ${cmake_dir})
install(FILES ${PROJECT_SOURCE_DIR}/tools/measures/tables.def DESTINATION ${data_dir}/measures)
install(FILES ${PROJECT_SOURCE_DIR}/figures/of-a-run.cmake DESTINATION ${data_dir}/figures)
install_program(count-cores count-cores)
endblock()
