import AgonTensors
import CAgonKernels

/// The index space of an elementwise program: samples, positions and channels of a full shape.
struct IterationSpace: Equatable {
    let shape: Shape
    let samples: Int, positions: Int, channels: Int

    init(_ shape: Shape) {
        self.shape = shape
        switch shape.rank {
        case 0: (samples, positions, channels) = (1, 1, 1)
        case 1: (samples, positions, channels) = (1, 1, shape[0])
        default:
            samples = shape[0]
            channels = shape[-1]
            positions = shape.dimensions[1..<(shape.rank - 1)].reduce(1, *)
        }
    }

    /// All elements of a tensor as one row.
    init(elements: Int) {
        shape = [1, elements, 1]
        (samples, positions, channels) = (1, elements, 1)
    }

    var rows: Int { samples * positions }

    /// How an operand of the given shape is indexed over this domain; nil if no kind fits.
    func operandKind(_ operand: Shape) -> agon_operand_kind? {
        guard let varies = varyingParts(operand) else { return nil }
        let extents = [samples, positions, channels]
        // A part of extent 1 fits either way.
        let full = zip(varies, extents).allSatisfy { $0 || $1 == 1 }
        if full { return AGON_OPERAND_FULL }
        switch (varies[0], varies[1], varies[2]) {
        case (false, false, false): return AGON_OPERAND_SCALAR
        case (false, false, true): return AGON_OPERAND_CHANNEL
        case (true, false, false): return AGON_OPERAND_SAMPLE
        case (true, false, true): return AGON_OPERAND_SAMPLE_CHANNEL
        case (true, true, false): return AGON_OPERAND_ROW
        case (false, true, true): return AGON_OPERAND_POSITION
        case (false, true, false):
            if samples == 1 { return AGON_OPERAND_ROW }
            return channels == 1 ? AGON_OPERAND_POSITION : nil
        case (true, true, true): return AGON_OPERAND_FULL
        }
    }

    /// How a sum to the given shape is computed over this domain; nil if no kind fits.
    func sumKind(_ target: Shape) -> agon_result_kind? {
        switch operandKind(target) {
        case AGON_OPERAND_SCALAR: return AGON_RESULT_SCALAR_SUM
        case AGON_OPERAND_CHANNEL: return AGON_RESULT_CHANNEL_SUM
        case AGON_OPERAND_SAMPLE: return AGON_RESULT_SAMPLE_SUM
        case AGON_OPERAND_SAMPLE_CHANNEL: return AGON_RESULT_SAMPLE_CHANNEL_SUM
        case AGON_OPERAND_ROW: return AGON_RESULT_ROW_SUM
        default: return nil
        }
    }

    /// Whether the operand varies over samples, positions and channels (each part wholly or not at all).
    private func varyingParts(_ operand: Shape) -> [Bool]? {
        guard broadcastShape(operand, shape) == shape else { return nil }
        let missing = shape.rank - operand.rank
        var parts: [Bool?] = [nil, nil, nil]
        for axis in 0..<shape.rank where shape[axis] != 1 {
            let varies = axis >= missing && operand[axis - missing] != 1
            let part = shape.rank == 1 ? 2 : (axis == 0 ? 0 : (axis == shape.rank - 1 ? 2 : 1))
            if let known = parts[part], known != varies { return nil }
            parts[part] = varies
        }
        return parts.map { $0 ?? false }
    }
}
