import CKernels
import Tensors

/// A program with its operands' places, ready to run over windows.
final class ProgramRunner: @unchecked Sendable {
    static let scratch = Int(AGON_PROGRAM_SCRATCH)

    let partialWidth: Int
    /// Where the pieces' sums go: `pieces * partialWidth` doubles.
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
    private let kinds: UnsafeMutablePointer<Int32>
    private let instructions: UnsafeMutablePointer<agon_instruction>
    private let resultTable: UnsafeMutablePointer<agon_result>

    init(_ program: Program, lowering: Lowering) {
        self.program = program
        partialWidth = program.partialWidth
        operands = program.operands.map { lowering.address($0.value) }
        results = program.results.map { lowering.address($0.value) }
        keys = lowering.keys
        guard let function = lowering.vector.program else { preconditionFailure("no vector kernels") }
        self.function = function
        kinds = .allocate(capacity: max(program.operands.count, 1))
        for (index, operand) in program.operands.enumerated() { kinds[index] = Int32(operand.kind.rawValue) }
        instructions = .allocate(capacity: max(program.instructions.count, 1))
        for (index, instruction) in program.instructions.enumerated() { instructions[index] = instruction }
        resultTable = .allocate(capacity: max(program.results.count, 1))
        for (index, result) in program.results.enumerated() {
            resultTable[index] = agon_result(
                kind: Int32(result.kind.rawValue), slot: result.slot, deferred: 0,
                partial_offset: Int32(result.partialOffset))
        }
        compiled = .allocate(capacity: 1)
        compiled.initialize(
            to: agon_program(
                samples: Int64(program.domain.samples), positions: Int64(program.domain.positions),
                channels: Int64(program.domain.channels), operand_count: Int32(program.operands.count),
                instruction_count: Int32(program.instructions.count), result_count: Int32(program.results.count),
                slot_count: Int32(program.slotCount), operand_kinds: kinds, instructions: instructions,
                results: resultTable, partial_width: Int32(program.partialWidth)))
    }

    deinit {
        compiled.deallocate()
        kinds.deallocate()
        instructions.deallocate()
        resultTable.deallocate()
    }

    /// Values that the program stores in full.
    var storedValues: [Int] { program.results.filter { $0.kind == AGON_RESULT_STORE }.map(\.value) }

    /// Marks stores over operands that are still to be read; call when memory is planned.
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
        withUnsafeTemporaryAllocation(
            of: UnsafeMutablePointer<Float>?.self, capacity: operands.count + results.count + 1
        ) {
            pointers in
            guard let base = pointers.baseAddress else { return }
            for (index, operand) in operands.enumerated() { base[index] = operand.pointer }
            let targets = base + operands.count
            for (index, result) in results.enumerated() { targets[index] = result.pointer }
            base.withMemoryRebound(to: UnsafePointer<Float>?.self, capacity: operands.count + 1) { sources in
                function(
                    compiled, sources, targets, keys.keys, window, scratch,
                    partials.map { $0.doubles + piece * partialWidth })
            }
        }
    }

    /// Adds the pieces' sums in order.
    func finish(pieces: Int) {
        guard let partials = partials?.doubles else { return }
        func total(_ offset: Int) -> Double {
            var sum = 0.0
            for piece in 0..<pieces { sum += partials[piece * partialWidth + offset] }
            return sum
        }
        let channels = program.domain.channels
        var index = 0
        while index < results.count {
            let result = program.results[index]
            let out = results[index].pointer
            if result.isMoments {
                let count = Double(program.domain.rows)
                let squares = program.results[index + 1].partialOffset
                for channel in 0..<channels {
                    let mean = total(result.partialOffset + channel) / count
                    out[channel] = Float(mean)
                    out[channels + channel] = Float(max(0, total(squares + channel) / count - mean * mean))
                }
                index += 2
                continue
            }
            if result.kind == AGON_RESULT_CHANNEL_SUM {
                for channel in 0..<channels { out[channel] = Float(total(result.partialOffset + channel)) }
            } else if result.kind == AGON_RESULT_SCALAR_SUM {
                out[0] = Float(total(result.partialOffset))
            }
            index += 1
        }
    }
}
