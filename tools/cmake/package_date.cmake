# CPack reads this before it makes a package: what is in it is of the day of the changelog.
if(CPACK_GENERATOR STREQUAL DEB)
  execute_process(COMMAND date -u -d ${CPACK_GROKKING_DATE} +%s
    OUTPUT_VARIABLE date OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  set(ENV{SOURCE_DATE_EPOCH} ${date})
endif()
