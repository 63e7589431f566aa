import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.bouncycastle.crypto.digests.Blake2bDigest;

/** Writes alerts, byte for byte as soglia writes them. */
final class Alerts {
    private static final int MESSAGE_BYTES_MAX = 1024;
    private static final int ID_BYTES = 16;
    private static final byte SEPARATOR = 0x1f;
    private static final byte[] QUOTES = "quotes".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] SUBSCRIPTIONS = "subscriptions".getBytes(StandardCharsets.US_ASCII);
    private static final byte[][] SIDES = {
        "LOW".getBytes(StandardCharsets.US_ASCII), "HIGH".getBytes(StandardCharsets.US_ASCII)};
    private static final byte[][] EDGES = {
        "ENTERED".getBytes(StandardCharsets.US_ASCII), "CLEARED".getBytes(StandardCharsets.US_ASCII)};
    static final int LOW = 0;
    static final int HIGH = 1;

    private final int schemaId;
    private final ProcessorContext<byte[], byte[]> context;
    private final ByteBuffer out = ByteBuffer.allocate(MESSAGE_BYTES_MAX).order(ByteOrder.LITTLE_ENDIAN);
    private final Blake2bDigest digest = new Blake2bDigest(8 * ID_BYTES);
    private final byte[] hash = new byte[ID_BYTES];

    Alerts(int schemaId, ProcessorContext<byte[], byte[]> context) {
        this.schemaId = schemaId;
        this.context = context;
    }

    /** What is told of a judgement; `previous` is null when there was no value before. */
    record Judgement(byte[] instrument, double value, Double previous, long eventTime, boolean byQuote, long timestamp) {
    }

    /** Raises one alert of a side of a subscription. */
    void raise(Judgement judgement, byte[] id, byte[] user, long version, boolean notifyCleared, int side,
               boolean entered, boolean initial, double threshold) {
        RecordMetadata cause = context.recordMetadata().orElseThrow();
        byte[] topic = judgement.byQuote() ? QUOTES : SUBSCRIPTIONS;
        byte[] edge = EDGES[entered ? 0 : 1];
        out.clear();
        out.put((byte) 0).put((byte) (schemaId >> 24)).put((byte) (schemaId >> 16)).put((byte) (schemaId >> 8)).put((byte) schemaId);
        Avro.putText(out, alertId(id, version, topic, cause, SIDES[side], edge));
        Avro.putText(out, id);
        Avro.putLong(out, version);
        Avro.putText(out, user);
        Avro.putText(out, judgement.instrument());
        Avro.putLong(out, side);
        Avro.putLong(out, entered ? 0 : 1);
        out.put((byte) (initial ? 1 : 0));
        out.putDouble(threshold);
        out.putDouble(judgement.value());
        Avro.putLong(out, judgement.previous() == null ? 0 : 1);
        if (judgement.previous() != null) {
            out.putDouble(judgement.previous());
        }
        Avro.putLong(out, judgement.eventTime());
        Avro.putText(out, topic);
        Avro.putLong(out, cause.partition());
        Avro.putLong(out, cause.offset());
        Avro.putLong(out, 0); // Not suppressed.
        Avro.putLong(out, 0); // No label.
        out.put((byte) (entered || notifyCleared ? 1 : 0));
        context.forward(new Record<>(user, Arrays.copyOf(out.array(), out.position()), judgement.timestamp()));
    }

    private byte[] alertId(byte[] id, long version, byte[] topic, RecordMetadata cause, byte[] side, byte[] edge) {
        digest.reset();
        add(id);
        addNext(Long.toString(version));
        digest.update(SEPARATOR);
        add(topic);
        addNext(Integer.toString(cause.partition()));
        addNext(Long.toString(cause.offset()));
        digest.update(SEPARATOR);
        add(side);
        digest.update(SEPARATOR);
        add(edge);
        digest.doFinal(hash, 0);
        return HexFormat.of().formatHex(hash).getBytes(StandardCharsets.US_ASCII);
    }

    private void add(byte[] text) {
        digest.update(text, 0, text.length);
    }

    private void addNext(String number) {
        digest.update(SEPARATOR);
        add(number.getBytes(StandardCharsets.US_ASCII));
    }
}
