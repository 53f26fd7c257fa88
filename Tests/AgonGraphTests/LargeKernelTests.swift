import AgonGraph
import AgonTensors
import Testing

/// Kernels of more than 64 taps along an axis. Gathers once listed at most 64 of an axis and left out the rest.
@Suite struct LargeKernelTests {
    @Test(arguments: [
        // Input gradient by residue classes, at strides that leave more and fewer than 64 taps to a class.
        ConvolutionCase([1, 3, 70, 5], [1, 65, 5, 6]),
        ConvolutionCase([1, 70, 2, 5], [65, 1, 5, 6], padding: (40, 0, 40, 0)),
        ConvolutionCase([1, 1, 90, 5], [1, 100, 5, 6], stride: (1, 3), padding: (0, 60, 0, 60)),
        ConvolutionCase([1, 1, 150, 5], [1, 150, 5, 6], stride: (1, 2), padding: (0, 4, 0, 4)),
        ConvolutionCase([1, 1, 140, 5], [1, 70, 5, 5], stride: (1, 2), padding: (0, 2, 0, 2), dilation: (1, 2)),
        // Weight gradient of few output channels, which gathers output gradients.
        ConvolutionCase([1, 2, 80, 6], [2, 80, 6, 1], padding: (1, 8, 0, 8)),
        ConvolutionCase([1, 1, 70, 3], [1, 66, 1, 3], groups: 3),
    ])
    func allTapsCount(_ c: ConvolutionCase) throws { try ConvolutionTests().agreesWithItsDefinition(c) }
}
