import AgonGraph

/// The operations and elementwise functions without their parameters. The switches below have no default, so a new
/// operation does not compile here until it has a kind, and a kind fails `GradientTests` until its gradient is checked.
enum OperationKind: String, CaseIterable {
    case variable, input, constant, random
    case affine, absolute, sign, square, squareRoot, reciprocal, power, exponential, logarithm, tanh, sigmoid, softplus
    case elu, leakyReLU, step, clamp
    case add, subtract, multiply, divide, maximum, minimum, greater
    case leakyReLUGradient, tanhGradient, sigmoidGradient, eluGradient
    case broadcast, sum, rowMaximum, moments, reshape, transpose, slice, sliceGradient, concatenate
    case matmul, gram, minimumNormWeights, convolution, convolutionInputGradient, convolutionWeightGradient
    case foldUpsampling, foldUpsamplingGradient, filterWeights, filteredConvolution
    case pad, padGradient, maxPool, maxPoolGradient, maxPoolPick, averagePool, averagePoolGradient
    case upsampleNearest, upsampleNearestGradient, upsampleBilinear, upsampleBilinearGradient
    case depthToSpace, spaceToDepth
    case assign, update, stopGradient

    init(_ operation: Operation) {
        switch operation {
        case .variable: self = .variable
        case .input: self = .input
        case .constant: self = .constant
        case .random: self = .random
        case .unary(let function): self.init(function)
        case .binary(let function): self.init(function)
        case .broadcast: self = .broadcast
        case .sum: self = .sum
        case .rowMaximum: self = .rowMaximum
        case .moments: self = .moments
        case .reshape: self = .reshape
        case .transpose: self = .transpose
        case .slice: self = .slice
        case .sliceGradient: self = .sliceGradient
        case .concatenate: self = .concatenate
        case .matmul: self = .matmul
        case .gram: self = .gram
        case .minimumNormWeights: self = .minimumNormWeights
        case .convolution: self = .convolution
        case .convolutionInputGradient: self = .convolutionInputGradient
        case .convolutionWeightGradient: self = .convolutionWeightGradient
        case .foldUpsampling: self = .foldUpsampling
        case .foldUpsamplingGradient: self = .foldUpsamplingGradient
        case .filterWeights: self = .filterWeights
        case .filteredConvolution: self = .filteredConvolution
        case .pad: self = .pad
        case .padGradient: self = .padGradient
        case .maxPool: self = .maxPool
        case .maxPoolGradient: self = .maxPoolGradient
        case .maxPoolPick: self = .maxPoolPick
        case .averagePool: self = .averagePool
        case .averagePoolGradient: self = .averagePoolGradient
        case .upsampleNearest: self = .upsampleNearest
        case .upsampleNearestGradient: self = .upsampleNearestGradient
        case .upsampleBilinear: self = .upsampleBilinear
        case .upsampleBilinearGradient: self = .upsampleBilinearGradient
        case .depthToSpace: self = .depthToSpace
        case .spaceToDepth: self = .spaceToDepth
        case .assign: self = .assign
        case .update: self = .update
        case .stopGradient: self = .stopGradient
        }
    }

    private init(_ function: UnaryFunction) {
        switch function {
        case .affine: self = .affine
        case .absolute: self = .absolute
        case .sign: self = .sign
        case .square: self = .square
        case .squareRoot: self = .squareRoot
        case .reciprocal: self = .reciprocal
        case .power: self = .power
        case .exponential: self = .exponential
        case .logarithm: self = .logarithm
        case .tanh: self = .tanh
        case .sigmoid: self = .sigmoid
        case .softplus: self = .softplus
        case .elu: self = .elu
        case .leakyReLU: self = .leakyReLU
        case .step: self = .step
        case .clamp: self = .clamp
        }
    }

    private init(_ function: BinaryFunction) {
        switch function {
        case .add: self = .add
        case .subtract: self = .subtract
        case .multiply: self = .multiply
        case .divide: self = .divide
        case .maximum: self = .maximum
        case .minimum: self = .minimum
        case .greater: self = .greater
        case .leakyReLUGradient: self = .leakyReLUGradient
        case .tanhGradient: self = .tanhGradient
        case .sigmoidGradient: self = .sigmoidGradient
        case .eluGradient: self = .eluGradient
        }
    }

    /// Sources have no inputs; `rowMaximum`, `minimumNormWeights` and `stopGradient` count as constant; steps are flat;
    /// state cannot be differentiated. `WithoutGradientTests` checks each.
    var hasGradient: Bool {
        switch self {
        case .variable, .input, .constant, .random, .rowMaximum, .minimumNormWeights, .stopGradient, .sign, .step,
            .greater, .assign, .update, .filterWeights, .filteredConvolution:
            false
        default: true
        }
    }
}
