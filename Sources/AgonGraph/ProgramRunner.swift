import CAgonKernels

/// A program with its operands' addresses, ready to run over windows.
final class ProgramRunner: @unchecked Sendable {
    static let scratch = Int(AGON_PROGRAM_SCRATCH)

    private let partialWidth: Int
    /// Doubles of each piece: its sums, for moments its window and its pivots.
    let partialStride: Int
    /// Their destination: `pieces * partialStride` doubles.
    var partials: Address?
    private let program: Program
    private let operands: [Address]
    private let results: [Address]
    private let keys: RandomKeys
    private let function:
        @convention(c) (
            UnsafePointer<agon_program>?, UnsafePointer<UnsafePointer<Float>?>?,
            UnsafePointer<UnsafeMutablePointer<Float>?>?, UnsafePointer<agon_random_key>?, agon_window,
            UnsafeMutablePointer<Float>?, UnsafeMutablePointer<Double>?
        ) -> Void
    private let compiled: UnsafeMutablePointer<agon_program>
    /// The program that stores the first row of the values whose moments are computed.
    private let pivotProgram: UnsafeMutablePointer<agon_program>
    private let kinds: UnsafeMutablePointer<Int32>
    private let instructions: UnsafeMutablePointer<agon_instruction>
    private let resultTable: UnsafeMutablePointer<agon_result>

    init(_ program: Program, lowering: Lowering) {
        self.program = program
        partialWidth = program.partialWidth
        let channels = program.domain.channels
        partialStride =
            partialWidth + (program.pivots.isEmpty ? 0 : PieceSums.width(pivots: program.pivots.count * channels))
        operands = program.operands.map { lowering.address($0.value) }
        results = program.results.map { lowering.address($0.value) }
        keys = lowering.keys
        guard let function = lowering.vector.program else { preconditionFailure("no vector kernels") }
        self.function = function
        let operandCount = program.operands.count + program.pivots.count
        kinds = .allocate(capacity: max(operandCount, 1))
        kinds.initialize(repeating: Int32(AGON_OPERAND_CHANNEL.rawValue), count: operandCount)
        for (index, operand) in program.operands.enumerated() { kinds[index] = Int32(operand.kind.rawValue) }
        instructions = .allocate(capacity: max(program.instructions.count, 1))
        for (index, instruction) in program.instructions.enumerated() { instructions[index] = instruction }
        resultTable = .allocate(capacity: max(program.results.count + program.pivots.count, 1))
        for (index, result) in program.results.enumerated() {
            resultTable[index] = agon_result(
                kind: Int32(result.kind.rawValue), slot: result.slot, deferred: 0,
                partial_offset: Int32(result.partialOffset))
        }
        // A summed value may be an operand, whose slot must not be written: copied at the end.
        for (index, slot) in program.pivots.enumerated() {
            resultTable[program.results.count + index] = agon_result(
                kind: Int32(AGON_RESULT_STORE.rawValue), slot: slot, deferred: 1, partial_offset: 0)
        }
        compiled = .allocate(capacity: 1)
        compiled.initialize(
            to: agon_program(
                samples: Int64(program.domain.samples), positions: Int64(program.domain.positions),
                channels: Int64(program.domain.channels), operand_count: Int32(operandCount),
                instruction_count: Int32(program.instructions.count), result_count: Int32(program.results.count),
                slot_count: Int32(program.slotCount), operand_kinds: kinds, instructions: instructions,
                results: resultTable, partial_width: Int32(program.partialWidth)))
        pivotProgram = .allocate(capacity: 1)
        pivotProgram.initialize(to: compiled.pointee)
        pivotProgram.pointee.results = UnsafePointer(resultTable + program.results.count)
        pivotProgram.pointee.result_count = Int32(program.pivots.count)
        pivotProgram.pointee.partial_width = 0
    }

    deinit {
        compiled.deallocate()
        pivotProgram.deallocate()
        kinds.deallocate()
        instructions.deallocate()
        resultTable.deallocate()
    }

    /// Values that the program stores in full.
    var storedValues: [Int] { program.results.filter { $0.kind == AGON_RESULT_STORE }.map(\.value) }

    /// Marks stores over operands that are read later; call when memory is planned.
    func settle() {
        for (index, result) in program.results.enumerated() where result.kind == AGON_RESULT_STORE {
            let written = program.instructions.lastIndex { $0.target == result.slot } ?? 0
            resultTable[index].deferred = 0
            for (slot, operand) in operands.enumerated() where operand.pointer == results[index].pointer {
                let readLater =
                    program.instructions.enumerated().contains { at, instruction in
                        at > written && instruction.opcode < Int32(AGON_RANDOM_UNIFORM.rawValue)
                            && [instruction.a, instruction.b, instruction.c].contains(Int32(slot))
                    } || program.results.contains { $0.kind != AGON_RESULT_STORE && $0.slot == Int32(slot) }
                if readLater { resultTable[index].deferred = 1 }
            }
        }
    }

    func run(_ window: agon_window, piece: Int, scratch: UnsafeMutablePointer<Float>) {
        let sums = partials.map { $0.doubles + piece * partialStride }
        withUnsafeTemporaryAllocation(
            of: UnsafeMutablePointer<Float>?.self, capacity: operands.count + program.pivots.count + results.count + 1
        ) {
            pointers in
            guard let base = pointers.baseAddress else { return }
            for (index, operand) in operands.enumerated() { base[index] = operand.pointer }
            let targets = base + operands.count + program.pivots.count
            if let sums, !program.pivots.isEmpty {
                let part = PieceSums(sums, width: partialWidth)
                part.setWindow(window)
                for index in program.pivots.indices {
                    let pivot = part.pivots + index * program.domain.channels
                    base[operands.count + index] = pivot
                    // Where the program stores the window's first row.
                    targets[index] = pivot - Int(window.row_begin) * program.domain.channels
                }
                var first = window
                first.row_end = first.row_begin + 1
                call(pivotProgram, base, targets, first, scratch, nil)
            }
            for (index, result) in results.enumerated() { targets[index] = result.pointer }
            call(compiled, base, targets, window, scratch, sums)
        }
    }

    private func call(
        _ program: UnsafeMutablePointer<agon_program>, _ operands: UnsafeMutablePointer<UnsafeMutablePointer<Float>?>,
        _ targets: UnsafeMutablePointer<UnsafeMutablePointer<Float>?>, _ window: agon_window,
        _ scratch: UnsafeMutablePointer<Float>, _ sums: UnsafeMutablePointer<Double>?
    ) {
        operands.withMemoryRebound(
            to: UnsafePointer<Float>?.self, capacity: Int(program.pointee.operand_count) + 1
        ) { sources in
            function(program, sources, targets, keys.keys, window, scratch, sums)
        }
    }

    /// Floats of scratch that `finish` needs.
    var finishScratch: Int {
        if !program.pivots.isEmpty { return 6 * program.domain.channels }
        return program.results.contains { $0.kind == AGON_RESULT_CHANNEL_SUM } ? 2 * program.domain.channels : 2
    }

    /// Adds the pieces' sums in order.
    func finish(pieces: Int, scratch: UnsafeMutablePointer<Float>) {
        guard let partials = partials?.doubles else { return }
        let channels = program.domain.channels
        let sums = UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: Double.self)
        var momentsDone = 0
        for (index, result) in program.results.enumerated() {
            let out = results[index].pointer
            if let pivot = result.pivot {
                // Two results a pivot.
                guard pivot == momentsDone else { continue }
                momentsDone += 1
                let squares = program.results[index + 1].partialOffset
                finishMoments(pieces, pivot, (result.partialOffset, squares), partials, sums, into: out)
            } else if result.kind == AGON_RESULT_CHANNEL_SUM || result.kind == AGON_RESULT_SCALAR_SUM {
                let count = result.kind == AGON_RESULT_SCALAR_SUM ? 1 : channels
                sums.update(repeating: 0, count: count)
                for piece in 0..<pieces {
                    let part = partials + piece * partialStride + result.partialOffset
                    for channel in 0..<count { sums[channel] += part[channel] }
                }
                for channel in 0..<count { out[channel] = Float(sums[channel]) }
            }
        }
    }

    /// Shifts each piece's sums to the pivot of the first and adds them:
    /// with `d = p - p_0`, `Σ (x - p_0) = Σ (x - p) + n d` and `Σ (x - p_0)² = Σ (x - p)² + 2 d Σ (x - p) + n d²`.
    private func finishMoments(
        _ pieces: Int, _ pivot: Int, _ offsets: (sum: Int, squares: Int), _ partials: UnsafeMutablePointer<Double>,
        _ scratch: UnsafeMutablePointer<Double>, into out: UnsafeMutablePointer<Float>
    ) {
        let channels = program.domain.channels
        let (base, sum, squares) = (scratch, scratch + channels, scratch + 2 * channels)
        sum.update(repeating: 0, count: 2 * channels)
        let parts = (0..<pieces).map { PieceSums(partials + $0 * partialStride, width: partialWidth) }
        // A piece may have some of the channels only.
        for part in parts.reversed() {
            for channel in part.channels { base[channel] = Double(part.pivots[pivot * channels + channel]) }
        }
        for part in parts {
            let (partSum, partSquares) = (part.sums + offsets.sum, part.sums + offsets.squares)
            let pivots = part.pivots + pivot * channels
            for channel in part.channels {
                let shift = Double(pivots[channel]) - base[channel]
                sum[channel] += partSum[channel] + part.rows * shift
                squares[channel] += partSquares[channel] + shift * (2 * partSum[channel] + part.rows * shift)
            }
        }
        let count = Double(program.domain.rows)
        for channel in 0..<channels {
            let mean = sum[channel] / count
            let variance = squares[channel] / count - mean * mean
            out[channel] = Float(base[channel] + mean)
            // NaN propagates.
            out[channels + channel] = variance < 0 ? 0 : Float(variance)
        }
    }
}

/// A piece's results: its sums and, if it computes moments, its window and its pivots.
private struct PieceSums {
    let sums: UnsafeMutablePointer<Double>
    private let window: UnsafeMutablePointer<Double>

    init(_ sums: UnsafeMutablePointer<Double>, width: Int) {
        self.sums = sums
        window = sums + width
    }

    /// Doubles for the window and the pivots.
    static func width(pivots: Int) -> Int { 3 + (pivots + 1) / 2 }

    var rows: Double { window[0] }
    var channels: Range<Int> { Int(window[1])..<Int(window[2]) }
    var pivots: UnsafeMutablePointer<Float> {
        UnsafeMutableRawPointer(window + 3).assumingMemoryBound(to: Float.self)
    }

    func setWindow(_ place: agon_window) {
        window[0] = Double(place.row_end - place.row_begin)
        window[1] = Double(place.channel_begin)
        window[2] = Double(place.channel_end)
    }
}
