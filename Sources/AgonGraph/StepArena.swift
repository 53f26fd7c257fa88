import AgonTensors

/// Memory for the intermediates of steps that never run at once, as large as the largest step's.
public final class StepArena {
    private(set) var memory = AlignedMemory.allocate(floats: 1)
    private var size = 1

    public init() {}

    deinit { AlignedMemory.free(memory) }

    /// Makes room for `floats`. The memory moves if it grows; its contents are undefined, and take no memory until they
    /// are written.
    func reserve(floats: Int) {
        guard floats > size else { return }
        AlignedMemory.free(memory)
        memory = AlignedMemory.allocate(floats: floats, zeroed: false)
        size = floats
        #if DEBUG
            // Code that reads intermediates before they are written then fails its tests.
            memory.update(repeating: .nan, count: floats)
        #endif
    }
}
