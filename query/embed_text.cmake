# Writes a C file with the bytes of INPUT and the function openapi_text() over them, as OUTPUT.
file(READ ${INPUT} bytes HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
string(REGEX REPLACE "((0x[0-9a-f][0-9a-f],){16})" "\\1\n    " bytes "${bytes}")
file(WRITE ${OUTPUT} "// Made from query/openapi.json.
#include \"query/openapi_text.h\"

static const unsigned char text[] = {
    ${bytes}
};

struct bytes openapi_text(void)
{
    return bytes_of(text, sizeof text);
}
")
