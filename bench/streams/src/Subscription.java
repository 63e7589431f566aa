import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** A subscription as the topic has it: a decoder written by hand, for the fields in their order. */
final class Subscription {
    final byte[] id;
    final byte[] user;
    final double low;
    final double high;
    final boolean notifyCleared;
    final boolean active;
    final long version;

    private Subscription(ByteBuffer in) {
        in.position(Avro.HEADER_BYTES);
        id = Avro.takeText(in);
        user = Avro.takeText(in);
        Avro.takeText(in);
        low = optional(in);
        high = optional(in);
        double rearm = in.getDouble();
        long hold = Avro.takeLong(in);
        long cooldown = Avro.takeLong(in);
        if (rearm != 0 || hold != 0 || cooldown != 0) {
            throw new IllegalArgumentException("the peer knows no re-arm, hold or cooldown");
        }
        notifyCleared = in.get() != 0;
        if (Avro.takeLong(in) != 0) {
            throw new IllegalArgumentException("the peer knows no label");
        }
        active = in.get() != 0;
        version = Avro.takeLong(in);
        Avro.takeLong(in);
        if (Avro.takeLong(in) != 0) {
            throw new IllegalArgumentException("the peer knows no pause");
        }
    }

    static Subscription of(byte[] message) {
        return new Subscription(Avro.reader(message));
    }

    /** NaN for a threshold that is not there: no value is beyond it. */
    private static double optional(ByteBuffer in) {
        return Avro.takeLong(in) == 0 ? Double.NaN : in.getDouble();
    }

    @Override
    public String toString() {
        return new String(id, StandardCharsets.UTF_8);
    }
}
