# Flags of every target of ours, linked as sg_warnings: warnings as errors, in gcc and in clang.
add_library(sg_warnings INTERFACE)
target_compile_definitions(sg_warnings INTERFACE _GNU_SOURCE)
target_compile_options(sg_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wmissing-prototypes -Wstrict-prototypes
    -Wcast-qual -Wformat=2 -Wundef -Wvla -Wswitch-enum -Werror
    -ffp-contract=off
    $<$<CONFIG:Release>:-D_FORTIFY_SOURCE=2;-fstack-protector-strong>)
target_link_options(sg_warnings INTERFACE $<$<CONFIG:Release>:LINKER:-z,relro,-z,now>)
