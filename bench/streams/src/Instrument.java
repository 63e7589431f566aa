import java.nio.ByteBuffer;
import java.util.Arrays;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;

/** An instrument with its last quote and all its subscriptions, and its serde, written by hand for speed. */
final class Instrument {
    private static final int FRONT_BYTES = 21;
    private static final int ROW_BYTES = 33;
    private static final Row[] NONE = {};

    boolean known;
    double lastValue;
    long lastTime;
    Row[] rows = NONE;

    record Row(byte[] id, byte[] user, long version, double low, double high, boolean notifyCleared) {
        int size() {
            return ROW_BYTES + id.length + user.length;
        }
    }

    void add(Subscription subscription) {
        rows = Arrays.copyOf(rows, rows.length + 1);
        rows[rows.length - 1] = new Row(subscription.id, subscription.user, subscription.version, subscription.low,
            subscription.high, subscription.notifyCleared);
    }

    static Serde<Instrument> serde() {
        Serializer<Instrument> serializer = (topic, instrument) -> instrument.write();
        Deserializer<Instrument> deserializer = (topic, bytes) -> bytes == null ? null : read(bytes);
        return Serdes.serdeFrom(serializer, deserializer);
    }

    private byte[] write() {
        int size = FRONT_BYTES;
        for (Row row : rows) {
            size += row.size();
        }
        ByteBuffer out = ByteBuffer.allocate(size);
        out.put((byte) (known ? 1 : 0)).putDouble(lastValue).putLong(lastTime).putInt(rows.length);
        for (Row row : rows) {
            out.putDouble(row.low).putDouble(row.high).putLong(row.version).put((byte) (row.notifyCleared ? 1 : 0))
                .putInt(row.id.length).put(row.id).putInt(row.user.length).put(row.user);
        }
        return out.array();
    }

    private static Instrument read(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        Instrument instrument = new Instrument();
        instrument.known = in.get() != 0;
        instrument.lastValue = in.getDouble();
        instrument.lastTime = in.getLong();
        instrument.rows = new Row[in.getInt()];
        for (int i = 0; i < instrument.rows.length; i++) {
            double low = in.getDouble();
            double high = in.getDouble();
            long version = in.getLong();
            boolean notifyCleared = in.get() != 0;
            instrument.rows[i] = new Row(text(in), text(in), version, low, high, notifyCleared);
        }
        return instrument;
    }

    private static byte[] text(ByteBuffer in) {
        byte[] text = new byte[in.getInt()];
        in.get(text);
        return text;
    }
}
