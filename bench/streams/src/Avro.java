import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Avro binary behind Confluent's header of five bytes, without objects in between. */
final class Avro {
    static final int HEADER_BYTES = 5;

    private Avro() {
    }

    static ByteBuffer reader(byte[] message) {
        return ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN);
    }

    static long takeLong(ByteBuffer in) {
        long value = 0;
        int shift = 0;
        byte part;
        do {
            part = in.get();
            value |= (long) (part & 0x7f) << shift;
            shift += 7;
        } while (part < 0);
        return value >>> 1 ^ -(value & 1);
    }

    static byte[] takeText(ByteBuffer in) {
        byte[] text = new byte[(int) takeLong(in)];
        in.get(text);
        return text;
    }

    static void skipText(ByteBuffer in) {
        int size = (int) takeLong(in);
        in.position(in.position() + size);
    }

    static void putLong(ByteBuffer out, long value) {
        long left = value << 1 ^ value >> 63;
        while ((left & ~0x7fL) != 0) {
            out.put((byte) (left | 0x80));
            left >>>= 7;
        }
        out.put((byte) left);
    }

    static void putText(ByteBuffer out, byte[] text) {
        putLong(out, text.length);
        out.put(text);
    }
}
