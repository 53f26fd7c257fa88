import AgonGraph
import AgonLayers
import AgonTensors

/// InceptionV3, whose last pooling layer gives the features of the Fréchet inception distance.
///
/// Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", CVPR 2016, arXiv:1512.00567, section 6,
/// with the batch norm of its section 8 and without the auxiliary classifier. Sizes and names are those of
/// torchvision's `inception_v3`.
struct InceptionV3 {
    /// How average pools treat pixels beyond an edge, in which two published sets of weights differ.
    enum Variant: Equatable {
        /// torchvision's weights for 1000 classes: padding counts as zeros.
        case torchvision
        /// Those of published distances (Heusel et al., arXiv:1706.08500) for 1008 classes: padding does not count, and
        /// the last block uses max pooling instead of average pooling.
        case published

        init(classes: Int) { self = classes == 1008 ? .published : .torchvision }
    }

    static let name = "inceptionv3"
    static let side = 299
    static let featureCount = 2048

    let classes: Int
    let variant: Variant

    init(classes: Int) {
        self.classes = classes
        variant = Variant(classes: classes)
    }

    /// The networks from an image to features and from features to logits, initially zero.
    ///
    /// Throws `LayerError` for images smaller than 75x75 pixels.
    func networks(height: Int = side, width: Int = side) throws -> (trunk: Network, head: Network) {
        var zero = Initialization()
        zero.weights = ConstantInitializer(value: 0)
        func network(_ layers: [any Layer], _ input: Shape) throws -> Network {
            try Network(name: Self.name, layers: layers, input: input, seed: 0, initialization: zero)
        }
        return (
            try network(trunk, [height, width, 3]),
            try network([NamedLayer("fc", LinearLayer(features: classes))], [Self.featureCount])
        )
    }

    /// A variable's name in a file: without the network and the numbers of branches, as in
    /// `Mixed_7b.branch3x3_2a.conv.weight`.
    static func fileName(of variable: Variable) -> String {
        variable.name.split(separator: ".").dropFirst().filter { $0 != "branches" && Int($0) == nil }
            .joined(separator: ".")
    }

    // MARK: Blocks

    private var trunk: [any Layer] {
        let pool = PoolingLayer(.maximum, kernel: 3, stride: 2)
        return [
            convolution("Conv2d_1a_3x3", 32, (3, 3), stride: 2), convolution("Conv2d_2a_3x3", 32, (3, 3)),
            convolution("Conv2d_2b_3x3", 64, (3, 3), isPadded: true), pool, convolution("Conv2d_3b_1x1", 80),
            convolution("Conv2d_4a_3x3", 192, (3, 3)), pool,
            narrow("Mixed_5b", pooled: 32), narrow("Mixed_5c", pooled: 64), narrow("Mixed_5d", pooled: 64),
            narrowReduction("Mixed_6a"),
            tall("Mixed_6b", 128), tall("Mixed_6c", 160), tall("Mixed_6d", 160), tall("Mixed_6e", 192),
            tallReduction("Mixed_7a"),
            wide("Mixed_7b", pool: averagePool), wide("Mixed_7c", pool: lastPool),
            GlobalPoolingLayer(.average),
        ]
    }

    /// Convolution, batch norm and ReLU; padded, the output has the size of the input.
    private func convolution(
        _ name: String, _ channels: Int, _ kernel: (Int, Int) = (1, 1), stride: Int = 1, isPadded: Bool = false
    ) -> any Layer {
        let (vertical, horizontal) = isPadded ? (kernel.0 / 2, kernel.1 / 2) : (0, 0)
        var convolution = ConvolutionLayer(
            channels: channels, kernel: kernel, stride: stride,
            padding: .sides(top: vertical, left: horizontal, bottom: vertical, right: horizontal))
        convolution.weight.hasBias = false
        var norm = BatchNormLayer()
        norm.settings.epsilon = 1e-3
        return NamedLayer(
            name, SequenceLayer([NamedLayer("conv", convolution), NamedLayer("bn", norm), ActivationLayer.relu]))
    }

    private var averagePool: PoolingLayer {
        var pool = PoolingLayer(.average, kernel: 3, stride: 1, padding: .all(1))
        pool.countsPadding = variant == .torchvision
        return pool
    }

    private var lastPool: PoolingLayer {
        variant == .torchvision ? averagePool : PoolingLayer(.maximum, kernel: 3, stride: 1, padding: .all(1))
    }

    private func block(_ name: String, _ branches: [[any Layer]]) -> any Layer {
        NamedLayer(name, ConcatLayer(branches))
    }

    /// Figure 5 of the paper, with one 5x5 convolution.
    private func narrow(_ name: String, pooled: Int) -> any Layer {
        block(
            name,
            [
                [convolution("branch1x1", 64)],
                [convolution("branch5x5_1", 48), convolution("branch5x5_2", 64, (5, 5), isPadded: true)],
                [
                    convolution("branch3x3dbl_1", 64), convolution("branch3x3dbl_2", 96, (3, 3), isPadded: true),
                    convolution("branch3x3dbl_3", 96, (3, 3), isPadded: true),
                ],
                [averagePool, convolution("branch_pool", pooled)],
            ])
    }

    /// Figure 10: reduction to half the size.
    private func narrowReduction(_ name: String) -> any Layer {
        block(
            name,
            [
                [convolution("branch3x3", 384, (3, 3), stride: 2)],
                [
                    convolution("branch3x3dbl_1", 64), convolution("branch3x3dbl_2", 96, (3, 3), isPadded: true),
                    convolution("branch3x3dbl_3", 96, (3, 3), stride: 2),
                ],
                [PoolingLayer(.maximum, kernel: 3, stride: 2)],
            ])
    }

    /// Figure 6: 7x7 convolutions as 1x7 and 7x1 ones.
    private func tall(_ name: String, _ inner: Int) -> any Layer {
        block(
            name,
            [
                [convolution("branch1x1", 192)],
                [
                    convolution("branch7x7_1", inner), convolution("branch7x7_2", inner, (1, 7), isPadded: true),
                    convolution("branch7x7_3", 192, (7, 1), isPadded: true),
                ],
                [
                    convolution("branch7x7dbl_1", inner),
                    convolution("branch7x7dbl_2", inner, (7, 1), isPadded: true),
                    convolution("branch7x7dbl_3", inner, (1, 7), isPadded: true),
                    convolution("branch7x7dbl_4", inner, (7, 1), isPadded: true),
                    convolution("branch7x7dbl_5", 192, (1, 7), isPadded: true),
                ],
                [averagePool, convolution("branch_pool", 192)],
            ])
    }

    private func tallReduction(_ name: String) -> any Layer {
        block(
            name,
            [
                [convolution("branch3x3_1", 192), convolution("branch3x3_2", 320, (3, 3), stride: 2)],
                [
                    convolution("branch7x7x3_1", 192), convolution("branch7x7x3_2", 192, (1, 7), isPadded: true),
                    convolution("branch7x7x3_3", 192, (7, 1), isPadded: true),
                    convolution("branch7x7x3_4", 192, (3, 3), stride: 2),
                ],
                [PoolingLayer(.maximum, kernel: 3, stride: 2)],
            ])
    }

    /// Figure 7: branches that split again.
    private func wide(_ name: String, pool: PoolingLayer) -> any Layer {
        func parted(_ name: String) -> any Layer {
            ConcatLayer([
                [convolution(name + "a", 384, (1, 3), isPadded: true)],
                [convolution(name + "b", 384, (3, 1), isPadded: true)],
            ])
        }
        return block(
            name,
            [
                [convolution("branch1x1", 320)],
                [convolution("branch3x3_1", 384), parted("branch3x3_2")],
                [
                    convolution("branch3x3dbl_1", 448), convolution("branch3x3dbl_2", 384, (3, 3), isPadded: true),
                    parted("branch3x3dbl_3"),
                ],
                [pool, convolution("branch_pool", 192)],
            ])
    }
}
