import java.nio.ByteBuffer;

/** The fields of a quote that a rule reads; one object, filled again for each. */
final class Quote {
    double value;
    long eventTime;

    void read(byte[] message) {
        ByteBuffer in = Avro.reader(message);
        in.position(Avro.HEADER_BYTES);
        Avro.skipText(in);
        value = in.getDouble();
        eventTime = Avro.takeLong(in);
    }
}
