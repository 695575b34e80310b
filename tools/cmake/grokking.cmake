# What a paper as a build is declared with: run(), sweep(), experiment() and grid() (runs.cmake); figure(),
# comparison() and film() (figures.cmake); verify() (claims.cmake). This project's own declarations use
# them, and those of any other that says find_package(grokking) or add_subdirectory(grokking): see "Write
# your own paper" in README.md. Results are made in the build tree of the top project.
#
# Whoever includes this says before:
#   GROKKING_TOOLS     the folder of the programs, as commands that run in the build tree name it
#   GROKKING_CODE      the folder of their NAME.code files (tools/CMakeLists.txt), on which results depend
#   GROKKING_DEFAULTS  the folder of configs/ and figures/ with the files that declarations may name though
#                      their own folder has none of that name
#   GROKKING_PROGRAMS  the folder that programs are installed in, if they are
include_guard(GLOBAL)
foreach(name TOOLS CODE DEFAULTS) # for whoever declares, in whatever folder
  set(GROKKING_${name} "${GROKKING_${name}}" CACHE INTERNAL "")
endforeach()

# default_file(VARIABLE FILE FOLDER): the path of FILE: in the folder of the declaration if it is there, or
# in FOLDER of the defaults.
function(default_file variable file folder)
  get_filename_component(path "${file}" ABSOLUTE BASE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
  if(NOT EXISTS ${path} AND EXISTS ${GROKKING_DEFAULTS}/${folder}/${file})
    set(path ${GROKKING_DEFAULTS}/${folder}/${file})
  endif()
  set(${variable} ${path} PARENT_SCOPE)
endfunction()

include(${CMAKE_CURRENT_LIST_DIR}/launcher.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/runs.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/figures.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/claims.cmake)

# What can only be declared once all runs and figures are.
function(finish_paper)
  results_of_grids()
  take_frames()
  finish_runs()
  figures_of_all_runs()
  draw_svg_and_png()
endfunction()
cmake_language(DEFER DIRECTORY ${CMAKE_SOURCE_DIR} CALL finish_paper)
