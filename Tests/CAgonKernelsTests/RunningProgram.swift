import CAgonKernels

/// An elementwise program over `[samples, positions, channels]`, for tests: run by one of the processor's kernels.
struct RunningProgram {
    var samples: Int, positions: Int, channels: Int
    var operands: [(values: [Float], kind: agon_operand_kind)]
    var instructions: [agon_instruction]
    var results: [agon_result]
    var slots: Int
    var partialWidth = 0

    var count: Int { samples * positions * channels }

    /// The results' values after a run over the given windows (one after another, each with its own partial sums, which
    /// are added at the end). A result takes as many floats as its kind says.
    func run(_ kernels: agon_vector_kernels, windows: [agon_window]? = nil) -> [[Float]] {
        let windows =
            windows
            ?? [
                agon_window(
                    row_begin: 0, row_end: Int64(samples * positions), channel_begin: 0, channel_end: Int64(channels))
            ]
        let sources = operands.map { operand in
            let memory = UnsafeMutablePointer<Float>.allocate(capacity: max(operand.values.count, 1))
            for (index, value) in operand.values.enumerated() { memory[index] = value }
            return memory
        }
        let targets = results.map { result in
            let memory = UnsafeMutablePointer<Float>.allocate(capacity: max(size(of: result), 1))
            memory.initialize(repeating: -999, count: max(size(of: result), 1))
            return memory
        }
        let scratch = UnsafeMutableRawPointer.allocate(
            byteCount: Int(AGON_PROGRAM_SCRATCH) * 4, alignment: 64
        ).bindMemory(to: Float.self, capacity: Int(AGON_PROGRAM_SCRATCH))
        scratch.initialize(repeating: .nan, count: Int(AGON_PROGRAM_SCRATCH))
        var partials = [Double](repeating: .nan, count: partialWidth)
        var sums = [Double](repeating: 0, count: partialWidth)
        defer {
            for memory in sources + targets { memory.deallocate() }
            scratch.deallocate()
        }
        let kinds = operands.map { Int32($0.kind.rawValue) }
        let keys = [agon_random_key(key: 5, step: 1)]
        kinds.withUnsafeBufferPointer { kinds in
            instructions.withUnsafeBufferPointer { instructions in
                results.withUnsafeBufferPointer { results in
                    var program = agon_program(
                        samples: Int64(samples), positions: Int64(positions), channels: Int64(channels),
                        operand_count: Int32(operands.count), instruction_count: Int32(instructions.count),
                        result_count: Int32(results.count), slot_count: Int32(slots), operand_kinds: kinds.baseAddress,
                        instructions: instructions.baseAddress, results: results.baseAddress,
                        partial_width: Int32(partialWidth))
                    for window in windows {
                        var from = sources.map { UnsafePointer<Float>?($0) }
                        var to = targets.map { UnsafeMutablePointer<Float>?($0) }
                        kernels.program(&program, &from, &to, keys, window, scratch, &partials)
                        for index in sums.indices { sums[index] += partials[index] }
                    }
                }
            }
        }
        return zip(results, targets).map { result, memory in
            let count = size(of: result)
            switch agon_result_kind(UInt32(result.kind)) {
            case AGON_RESULT_CHANNEL_SUM, AGON_RESULT_SCALAR_SUM:
                return (0..<count).map { Float(sums[Int(result.partial_offset) + $0]) }
            default: return (0..<count).map { memory[$0] }
            }
        }
    }

    private func size(of result: agon_result) -> Int {
        switch agon_result_kind(UInt32(result.kind)) {
        case AGON_RESULT_STORE: count
        case AGON_RESULT_CHANNEL_SUM: channels
        case AGON_RESULT_SCALAR_SUM: 1
        case AGON_RESULT_SAMPLE_SUM: samples
        case AGON_RESULT_SAMPLE_CHANNEL_SUM: samples * channels
        default: samples * positions
        }
    }
}

extension RunningProgram {
    /// One instruction on full operands of the same length, stored.
    static func applying(
        _ opcode: agon_opcode, p0: Float = 0, p1: Float = 0, to values: [Float]..., kernels: agon_vector_kernels
    ) -> [Float] {
        let slot = Int32(values.count)
        let program = RunningProgram(
            samples: 1, positions: 1, channels: values[0].count, operands: values.map { ($0, AGON_OPERAND_FULL) },
            instructions: [
                agon_instruction(
                    opcode: Int32(opcode.rawValue), target: slot, a: 0, b: min(1, slot - 1), c: min(2, slot - 1),
                    p0: p0,
                    p1: p1)
            ],
            results: [agon_result(kind: Int32(AGON_RESULT_STORE.rawValue), slot: slot, deferred: 0, partial_offset: 0)],
            slots: values.count + 1)
        return program.run(kernels)[0]
    }
}
