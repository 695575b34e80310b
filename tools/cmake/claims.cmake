# The claims: verify().

# verify(CLAIMS.tsv [KNOWN FILE.tsv]): `ninja verify` says which of the claims hold of the tables that they
# name, which it makes first, and fails if one does not; claims.tsv in the build tree has the verdicts. KNOWN
# lists failures that are known. `verify --help` explains both files.
function(verify claims)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" KNOWN "")
  get_filename_component(claims "${claims}" ABSOLUTE)
  if(NOT EXISTS ${claims})
    message(FATAL_ERROR "verify(): there is no ${claims}")
  endif()
  set(known)
  if(arg_KNOWN)
    get_filename_component(arg_KNOWN "${arg_KNOWN}" ABSOLUTE)
    set(known --known ${arg_KNOWN})
  endif()
  tables_of_claims(tables ${claims})
  list(TRANSFORM tables PREPEND ${CMAKE_BINARY_DIR}/ OUTPUT_VARIABLE files)
  add_custom_target(verify
    COMMAND ${GROKKING_TOOLS}/verify -o claims.tsv ${known} ${claims} ${tables}
    DEPENDS ${claims} ${arg_KNOWN} ${files} ${GROKKING_CODE}/verify.code
    WORKING_DIRECTORY ${CMAKE_BINARY_DIR}
    COMMENT "Checking claims against the measurements" USES_TERMINAL VERBATIM)
endfunction()

# tables_of_claims(VARIABLE CLAIMS.tsv): runs/TABLE.tsv for each word of the column `table`.
function(tables_of_claims variable claims)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${claims})
  file(READ ${claims} text)
  string(REGEX REPLACE "[][;\\]" "," text "${text}") # in sentences; lists would take them for theirs
  string(REPLACE "\r" "" text "${text}")
  string(REPLACE "\n" ";" lines "${text}")
  set(column -1)
  set(number 0)
  set(tables)
  foreach(line IN LISTS lines)
    math(EXPR number "${number} + 1")
    if(line MATCHES "^(#|$)")
      continue()
    endif()
    string(REPLACE "\t" ";" cells "${line}")
    list(LENGTH cells n)
    if(column EQUAL -1)
      list(FIND cells table column)
      if(column EQUAL -1)
        message(FATAL_ERROR "verify(): ${claims} has no column named table")
      endif()
    elseif(NOT n GREATER column)
      message(FATAL_ERROR "verify(): ${claims}:${number}: has no cell in the column table")
    else()
      list(GET cells ${column} table)
      list(APPEND tables runs/${table}.tsv)
    endif()
  endforeach()
  list(REMOVE_DUPLICATES tables)
  set(${variable} ${tables} PARENT_SCOPE)
endfunction()
