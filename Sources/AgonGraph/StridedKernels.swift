import AgonTensors

// Sums and broadcasts that elementwise programs do not support: those in which the axes between samples and channels
// differ, or in which samples are summed at each position.

extension Lowering {
    /// Pieces split the target, not the sums. Each sums in double precision and in a fixed order.
    func lowerStridedSum(
        _ from: Shape, _ to: Shape, _ source: Address, _ out: Address, _ lowered: inout LoweredGroup
    ) {
        let view = BroadcastView(of: to, in: from)
        let kept = view.stretches.filter(\.isKept)
        let run = view.stretches.last ?? BroadcastView.Stretch(extent: 1, full: 1, small: 1, isKept: true)
        // Neighbouring targets are summed side by side; else each target is a sum over runs.
        let lines = run.isKept ? Array(kept.dropLast()) : kept
        let summed = view.stretches.filter { !$0.isKept }
        let dividesRun = run.isKept && run.extent >= lines.reduce(1) { max($0, $1.extent) }
        let divided = dividesRun ? run.extent : lines.reduce(1) { max($0, $1.extent) }
        let perTarget = summed.reduce(1) { $0 * $1.extent }
        let others = max(1, to.count / max(divided, 1))
        let parts = pieces(of: divided, size: max(dividesRun ? 256 : 1, 32768 / (perTarget * others)))
        lowered.floatingPointOperations += from.count
        lowered.tasks.append(
            KernelTask(pieces: parts.count, scratch: 2 * BroadcastView.runBlock) { piece, scratch in
                let sums = UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: Double.self)
                let columns = dividesRun ? parts[piece] : 0..<run.extent
                forEachPlace(lines, dividing: dividesRun ? nil : parts[piece]) { line, target in
                    guard run.isKept else {
                        var sum = 0.0
                        forEachPlace(summed.dropLast()) { place, _ in
                            for at in 0..<run.extent { sum += Double(source.constant[line + place + at]) }
                        }
                        out.pointer[target] = Float(sum)
                        return
                    }
                    for start in stride(from: columns.lowerBound, to: columns.upperBound, by: BroadcastView.runBlock) {
                        let count = min(BroadcastView.runBlock, columns.upperBound - start)
                        sums.update(repeating: 0, count: count)
                        forEachPlace(summed) { place, _ in
                            let values = source.constant + line + place + start
                            for at in 0..<count { sums[at] += Double(values[at]) }
                        }
                        for at in 0..<count { out.pointer[target + start + at] = Float(sums[at]) }
                    }
                }
            })
    }

    func lowerStridedBroadcast(
        _ from: Shape, _ to: Shape, _ source: Address, _ out: Address, _ lowered: inout LoweredGroup
    ) {
        let view = BroadcastView(of: from, in: to)
        let run = view.stretches.last ?? BroadcastView.Stretch(extent: 1, full: 1, small: 1, isKept: true)
        let lines = Array(view.stretches.dropLast())
        let longest = lines.reduce(1) { max($0, $1.extent) }
        let parts = pieces(of: longest, size: max(1, 32768 * longest / max(to.count, 1)))
        lowered.tasks.append(
            KernelTask(pieces: parts.count) { piece, _ in
                forEachPlace(lines, dividing: parts[piece]) { line, place in
                    let target = out.pointer + line
                    if run.isKept {
                        target.update(from: source.constant + place, count: run.extent)
                    } else {
                        target.update(repeating: source.constant[place], count: run.extent)
                    }
                }
            })
    }
}

/// A tensor and a smaller one that it is summed to, or broadcast from, by runs of axes of which the smaller one has
/// all or none.
private struct BroadcastView {
    struct Stretch {
        var extent: Int
        /// The stride in the full tensor and, 0 unless kept, in the small one.
        var full: Int, small: Int
        var isKept: Bool
    }

    /// Adjacent sums that stay in the L1 cache.
    static let runBlock = 1024

    /// From the first axes to the last; neighbours differ in `isKept`.
    let stretches: [Stretch]

    init(of small: Shape, in full: Shape) {
        let missing = full.rank - small.rank
        var stretches: [Stretch] = []
        var (fullStep, smallStep) = (1, 1)
        for axis in (0..<full.rank).reversed() where full[axis] != 1 {
            let isKept = axis >= missing && small[axis - missing] != 1
            if stretches.last?.isKept == isKept {
                stretches[stretches.count - 1].extent *= full[axis]
            } else {
                stretches.append(
                    Stretch(extent: full[axis], full: fullStep, small: isKept ? smallStep : 0, isKept: isKept))
            }
            fullStep *= full[axis]
            if isKept { smallStep *= full[axis] }
        }
        self.stretches = stretches.reversed()
    }
}

/// Calls `body` with the offsets, in the full tensor and in the small one, of each position along
/// some runs, in order.
/// - Parameter part: the part of the longest run (the first of several) to walk; all if nil.
private func forEachPlace(
    _ stretches: some RandomAccessCollection<BroadcastView.Stretch>, dividing part: Range<Int>? = nil,
    _ body: (_ full: Int, _ small: Int) -> Void
) {
    let longest = stretches.reduce(0) { max($0, $1.extent) }
    var left = part
    let axes = stretches.map { stretch -> (stretch: BroadcastView.Stretch, range: Range<Int>) in
        guard stretch.extent == longest, let part = left else { return (stretch, 0..<stretch.extent) }
        left = nil
        return (stretch, part)
    }
    guard axes.allSatisfy({ !$0.range.isEmpty }) else { return }
    var position = axes.map(\.range.lowerBound)
    var full = axes.reduce(0) { $0 + $1.range.lowerBound * $1.stretch.full }
    var small = axes.reduce(0) { $0 + $1.range.lowerBound * $1.stretch.small }
    while true {
        body(full, small)
        var axis = axes.count - 1
        while axis >= 0 {
            position[axis] += 1
            full += axes[axis].stretch.full
            small += axes[axis].stretch.small
            if position[axis] < axes[axis].range.upperBound { break }
            full -= axes[axis].range.count * axes[axis].stretch.full
            small -= axes[axis].range.count * axes[axis].stretch.small
            position[axis] = axes[axis].range.lowerBound
            axis -= 1
        }
        if axis < 0 { return }
    }
}
