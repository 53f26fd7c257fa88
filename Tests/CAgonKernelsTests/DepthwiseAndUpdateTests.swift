import CAgonKernels
import Testing

/// The processor's versions of depthwise convolution and of the optimizers' rules against the portable one, which
/// golden cases and references hold to its definition.
@Suite struct DepthwiseAndUpdateTests {
    static let others = Kernels.available.filter { $0 != "portable" }

    @Test(arguments: others, [1, 3, 16, 37] as [Int32])
    func depthwise(kernels: String, channels: Int32) {
        var g = agon_convolution(
            batch: 2, height: 7, width: 6, input_channels: channels, output_height: 4, output_width: 5,
            output_channels: channels, kernel_height: 3, kernel_width: 2, stride_height: 2, stride_width: 1,
            padding_top: 1, padding_left: 0, dilation_height: 1, dilation_width: 1, groups: channels)
        let inputs = 2 * 7 * 6 * Int(channels)
        let outputs = 2 * 4 * 5 * Int(channels)
        let weights = 6 * Int(channels)
        let (x, w, d) = (uniform(inputs, seed: 1), uniform(weights, seed: 2), uniform(outputs, seed: 3))
        func passes(_ kernels: agon_vector_kernels) -> [[Float]] {
            var y = [Float](repeating: .nan, count: outputs)
            var dx = [Float](repeating: .nan, count: inputs)
            var dw = [Float](repeating: .nan, count: weights)
            // In two parts each, as pieces are.
            kernels.depthwise_forward(&g, x, w, 0, 3, &y)
            kernels.depthwise_forward(&g, x, w, 3, 8, &y)
            kernels.depthwise_input_gradient(&g, d, w, 0, 5, &dx)
            kernels.depthwise_input_gradient(&g, d, w, 5, 14, &dx)
            kernels.depthwise_weight_gradient(&g, x, d, 0, channels / 2, &dw)
            kernels.depthwise_weight_gradient(&g, x, d, channels / 2, channels, &dw)
            return [y, dx, dw]
        }
        for (found, expected) in zip(passes(Kernels.named(kernels)), passes(agon_vector_portable)) {
            expectClose(found, expected.map(Double.init), tolerance: 2e-6)
        }
    }

    @Test(arguments: others)
    func updates(kernels: String) {
        let rules: [(agon_update_rule, [Float])] = [
            (AGON_UPDATE_SGD, [0.1, 0, 0, 0, 0.01, 0]), (AGON_UPDATE_SGD, [0.1, 0.9, 0.1, 0, 0, 1]),
            (AGON_UPDATE_SGD, [0.1, 0.9, 0, 1, 0.01, 0]), (AGON_UPDATE_RMSPROP, [0.01, 0.9, 1e-8, 0, 0, 0, 0]),
            (AGON_UPDATE_RMSPROP, [0.01, 0.9, 0, 0, 0, 0, 1e-3]),
            (AGON_UPDATE_RMSPROP, [0.01, 0.9, 1e-8, 0.5, 1, 0.1, 0]),
            (AGON_UPDATE_ADAM, [0.01, 0.5, 0.99, 1e-8, 0, 0, 0, 0.75, 0.02]),
            (AGON_UPDATE_ADAM, [0.01, 0.9, 0.99, 1e-8, 0.1, 1, 1, 0.2, 0.02]),
            (AGON_UPDATE_ADAGRAD, [0.01, 1e-10, 0.1]), (AGON_UPDATE_ADADELTA, [1, 0.9, 1e-6, 0]),
        ]
        let count = 101
        for (rule, numbers) in rules {
            let gradient = uniform(count, seed: 1)
            func moved(_ kernels: agon_vector_kernels) -> [[Float]] {
                var value = uniform(count, seed: 2)
                var states = (3...5).map { uniform(count, from: 0.5, to: 2, seed: $0) }
                var third = states.removeLast()
                var second = states.removeLast()
                var first = states.removeLast()
                for _ in 0..<3 {
                    kernels.update(
                        Int32(rule.rawValue), numbers, Int64(count), gradient, &value, &first, &second, &third)
                }
                return [value, first, second, third]
            }
            for (found, expected) in zip(moved(Kernels.named(kernels)), moved(agon_vector_portable)) {
                expectClose(found, expected.map(Double.init), "rule \(rule.rawValue)", tolerance: 1e-6)
            }
        }
    }
}
