/// The arena layout of a step's intermediates, and the step's memory use.
///
/// All sizes are in bytes.
public struct MemoryPlan: Sendable {
    /// Parameters and statistics of the networks.
    public internal(set) var parameters = 0
    public internal(set) var statistics = 0
    public internal(set) var optimizerState = 0
    /// State of the objective between steps.
    public internal(set) var loopState = 0
    /// Intermediate values of the step, in the arena, which steps that share it take in turns.
    public internal(set) var activations = 0
    /// Values that are read after the step.
    public internal(set) var outputs = 0
    /// Scratch of the workers (gathered columns, blocks of programs).
    public internal(set) var workspace = 0
    /// Memory of the intermediates without sharing.
    public internal(set) var withoutReuse = 0

    public var total: Int { parameters + statistics + optimizerState + loopState + activations + outputs + workspace }
}

/// Places buffers with known lifetimes in one arena: largest first, each at the lowest offset where it overlaps
/// no other live buffer.
struct ArenaPlanner {
    struct Buffer {
        let index: Int  // in the address table
        let size: Int  // floats
        var first: Int
        var last: Int
        var offset = 0
    }

    var buffers: [Buffer] = []

    /// Size of the arena in floats.
    private(set) var size = 0

    mutating func place() {
        let order = buffers.indices.sorted {
            (buffers[$0].size, -buffers[$0].first, -$0) > (buffers[$1].size, -buffers[$1].first, -$1)
        }
        var placed: [Int] = []  // by offset
        for index in order {
            let wanted = roundedUp(max(buffers[index].size, 1), to: 16)
            var offset = 0
            for other in placed
            where buffers[other].first <= buffers[index].last && buffers[index].first <= buffers[other].last {
                if buffers[other].offset >= offset + wanted { break }
                offset = max(offset, buffers[other].offset + roundedUp(max(buffers[other].size, 1), to: 16))
            }
            buffers[index].offset = offset
            size = max(size, offset + wanted)
            let position = placed.firstIndex { buffers[$0].offset > offset } ?? placed.count
            placed.insert(index, at: position)
        }
    }
}
