# The version and its date, from the first heading of CHANGELOG.md: "## 1.0, 2026-11-27".
set(GROKKING_CHANGELOG ${CMAKE_CURRENT_SOURCE_DIR}/CHANGELOG.md)
file(STRINGS ${GROKKING_CHANGELOG} heading LIMIT_COUNT 1
  REGEX "^## [0-9]+[.][0-9]+([.][0-9]+)?, [0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]$")
if(NOT heading MATCHES "^## ([0-9.]+), ([0-9-]+)$")
  message(FATAL_ERROR "${GROKKING_CHANGELOG}: no heading like \"## 1.0, 2026-11-27\"")
endif()
set(GROKKING_VERSION ${CMAKE_MATCH_1})
set(GROKKING_DATE ${CMAKE_MATCH_2})
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${GROKKING_CHANGELOG})
