# sg_module(): one static library a folder. Its headers are reached only through the link: each module has an include
# folder of its own with one link a header, so an include of a module that is not linked does not compile.
include_guard()

function(sg_module name)
    cmake_parse_arguments(PARSE_ARGV 1 module "" "FOLDER" "SOURCES;HEADERS;PUBLIC;PRIVATE;GENERATED_INCLUDE")
    if(NOT module_FOLDER)
        file(RELATIVE_PATH module_FOLDER ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
    endif()
    set(include ${PROJECT_BINARY_DIR}/include/${name})
    set(linked)
    foreach(header IN LISTS module_HEADERS)
        file(MAKE_DIRECTORY ${include}/${module_FOLDER})
        file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR}/${header} ${include}/${module_FOLDER}/${header} SYMBOLIC)
        list(APPEND linked ${include}/${module_FOLDER}/${header})
    endforeach()
    add_library(${name} STATIC ${module_SOURCES})
    target_sources(${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${include} FILES ${linked})
    set_property(TARGET ${name} PROPERTY VERIFY_INTERFACE_HEADER_SETS ON)
    if(module_GENERATED_INCLUDE)
        target_include_directories(${name} PUBLIC ${module_GENERATED_INCLUDE})
    endif()
    target_link_libraries(${name} PUBLIC ${module_PUBLIC} PRIVATE ${module_PRIVATE} sg_warnings)
endfunction()

# What ctest runs under a label, for builds that need nothing else.
add_custom_target(unit_programs)
add_custom_target(fuzz_programs)

# sg_test(name source ... [ONE_THREAD] LINK module ...): one cmocka program, run by ctest under the label "unit". ONE_THREAD is for
# those that start no other and take long: ThreadSanitizer, which has nothing to see there, leaves them out.
function(sg_test name)
    cmake_parse_arguments(PARSE_ARGV 1 test "ONE_THREAD" "" "LINK")
    set(labels unit)
    if(test_ONE_THREAD)
        list(APPEND labels one_thread)
    endif()
    add_executable(${name} ${test_UNPARSED_ARGUMENTS})
    target_link_libraries(${name} PRIVATE ${test_LINK} PkgConfig::CMOCKA sg_warnings)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES LABELS "${labels}" TIMEOUT 300)
    add_dependencies(unit_programs ${name})
endfunction()

# sg_fuzz(name source SEEDS folder LINK module ...): one fuzz target. With SOGLIA_FUZZ it is a libFuzzer program; otherwise it runs its
# seeds and their mutations through tests/fuzz/standalone_main.c. Either way ctest runs it under the label "fuzz".
function(sg_fuzz name source)
    cmake_parse_arguments(PARSE_ARGV 2 fuzz "" "SEEDS" "LINK")
    if(SOGLIA_FUZZ)
        add_executable(${name} ${source})
        target_link_options(${name} PRIVATE -fsanitize=fuzzer)
        set(arguments -runs=100000 -max_total_time=60 -rss_limit_mb=1024 -timeout=10
            ${PROJECT_BINARY_DIR}/corpus/${name} ${fuzz_SEEDS})
        file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/corpus/${name})
    else()
        add_executable(${name} ${source} ${PROJECT_SOURCE_DIR}/tests/fuzz/standalone_main.c)
        set(arguments ${fuzz_SEEDS})
    endif()
    target_compile_options(${name} PRIVATE -UNDEBUG) # What a target checks, it asserts.
    target_link_libraries(${name} PRIVATE ${fuzz_LINK} sg_warnings)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
    add_test(NAME ${name} COMMAND ${name} ${arguments})
    set_tests_properties(${name} PROPERTIES LABELS fuzz TIMEOUT 120)
    add_dependencies(fuzz_programs ${name})
endfunction()
