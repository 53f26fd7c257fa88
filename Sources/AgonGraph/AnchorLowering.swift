import AgonTensors
import CAgonKernels

extension Lowering {
    /// Builds the kernel of an operation that is not elementwise.
    func lowerAnchor(_ node: Node, _ runner: ProgramRunner?, _ lowered: inout LoweredGroup) {
        let inputs = node.inputs
        let out = address(node.output.index)
        func input(_ at: Int) -> Address { address(inputs[at].index) }

        switch node.operation {
        case .matmul(let transposeA, let transposeB):
            let (m, n) = (node.output.shape[0], node.output.shape[1])
            let k = transposeA ? inputs[0].shape[0] : inputs[0].shape[1]
            lowerProduct(
                MatrixProduct(
                    a: input(0), b: input(1), c: out, m: m, n: n, k: k, transposeA: transposeA,
                    transposeB: transposeB, lda: inputs[0].shape[1], ldb: inputs[1].shape[1], ldc: n),
                runner, &lowered)
        case .convolution(let g): lowerConvolution(g, node, runner, &lowered)
        case .convolutionInputGradient(let g): lowerInputGradient(g, node, runner, &lowered)
        case .convolutionWeightGradient(let g): lowerWeightGradient(g, node, &lowered)
        case .filterWeights(let f): lowerFilterWeights(f, node, &lowered)
        case .filteredConvolution(let f): lowerFilteredConvolution(f, node, runner, &lowered)
        case .gram: lowerGram(node, &lowered)
        case .minimumNormWeights: lowerMinimumNormWeights(node, &lowered)
        case .foldUpsampling: lowerFold(node, &lowered)
        case .foldUpsamplingGradient: lowerFoldGradient(node, &lowered)

        case .assign(let id):
            lowered.writes = [node.output.index]
            copyTask(input(0), to: out, count: id.variable.shape.count, &lowered)
            lowered.isEager = true
        case .update(let id, let rule):
            lowerUpdate(id.variable, rule: rule, gradient: input(1), &lowered)
            lowered.isEager = true

        case .sum(let target): lowerStridedSum(inputs[0].shape, target, input(0), out, &lowered)
        case .broadcast: lowerStridedBroadcast(inputs[0].shape, node.output.shape, input(0), out, &lowered)
        case .transpose:
            let (a, b) = (inputs[0].shape[1], inputs[0].shape[2])
            let source = input(0)
            lowered.tasks.append(
                KernelTask(pieces: inputs[0].shape[0]) { image, _ in
                    agon_transpose(
                        source.constant + image * a * b, Int64(a), Int64(b), Int64(b), out.pointer + image * a * b,
                        Int64(a))
                })
        case .slice(let axis, let start, let count):
            let view = AxisView(inputs[0].shape, axis: axis)
            let source = input(0)
            linesTask(view.outer, count * view.inner, &lowered) { row, part in
                (out.pointer + row * count * view.inner + part.lowerBound).update(
                    from: source.constant + (row * view.extent + start) * view.inner + part.lowerBound,
                    count: part.count)
            }
        case .sliceGradient(let axis, let start, let extent):
            let view = AxisView(inputs[0].shape, axis: axis)
            let source = input(0)
            let held = start * view.inner..<(start + view.extent) * view.inner
            linesTask(view.outer, extent * view.inner, &lowered) { row, part in
                let line = out.pointer + row * extent * view.inner
                let copied = part.clamped(to: held)
                (line + part.lowerBound).update(repeating: 0, count: part.count)
                (line + copied.lowerBound).update(
                    from: source.constant + row * held.count + copied.lowerBound - held.lowerBound, count: copied.count)
            }
        case .concatenate(let axis):
            let whole = AxisView(node.output.shape, axis: axis)
            var end = 0
            let parts = inputs.map { input -> (source: Address, place: Range<Int>) in
                let start = end
                end += input.shape[axis] * whole.inner
                return (address(input.index), start..<end)
            }
            linesTask(whole.outer, end, &lowered) { row, part in
                for (source, place) in parts where place.overlaps(part) {
                    let copied = part.clamped(to: place)
                    (out.pointer + row * end + copied.lowerBound).update(
                        from: source.constant + row * place.count + copied.lowerBound - place.lowerBound,
                        count: copied.count)
                }
            }

        case .pad(let padding):
            imagesTask(node, padding.kernelGeometry(inputs[0].shape), &lowered) { g, begin, end in
                agon_pad(g, input(0).constant, begin, end, out.pointer)
            }
        case .padGradient(let padding):
            imagesTask(node, padding.kernelGeometry(node.output.shape), &lowered) { g, begin, end in
                agon_pad_gradient(g, input(0).constant, begin, end, out.pointer)
            }
        case .maxPool(let g):
            imagesTask(node, g.kernelGeometry(channels: inputs[0].shape[3]), &lowered) { g, begin, end in
                agon_max_pool(g, input(0).constant, begin, end, out.pointer)
            }
        case .maxPoolGradient(let g):
            imagesTask(node, g.kernelGeometry(channels: inputs[0].shape[3]), &lowered) { g, begin, end in
                agon_max_pool_gradient(g, input(0).constant, input(1).constant, begin, end, out.pointer)
            }
        case .maxPoolPick(let g):
            imagesTask(node, g.kernelGeometry(channels: inputs[0].shape[3]), &lowered) { g, begin, end in
                agon_max_pool_pick(g, input(0).constant, input(1).constant, begin, end, out.pointer)
            }
        case .averagePool(let g):
            imagesTask(node, g.kernelGeometry(channels: inputs[0].shape[3]), &lowered) { g, begin, end in
                agon_average_pool(g, input(0).constant, begin, end, out.pointer)
            }
        case .averagePoolGradient(let g):
            imagesTask(node, g.kernelGeometry(channels: inputs[0].shape[3]), &lowered) { g, begin, end in
                agon_average_pool_gradient(g, input(0).constant, begin, end, out.pointer)
            }
        case .upsampleNearest(let s): scaleTask(node, inputs[0].shape, s, &lowered, agon_upsample_nearest)
        case .upsampleNearestGradient(let s):
            scaleTask(node, node.output.shape, s, &lowered, agon_upsample_nearest_gradient)
        case .upsampleBilinear(let s): scaleTask(node, inputs[0].shape, s, &lowered, agon_upsample_bilinear)
        case .upsampleBilinearGradient(let s):
            scaleTask(node, node.output.shape, s, &lowered, agon_upsample_bilinear_gradient)
        case .depthToSpace(let s):
            var small = inputs[0].shape
            small[3] = node.output.shape[3]
            scaleTask(node, small, s, &lowered, agon_depth_to_space)
        case .spaceToDepth(let s):
            var small = node.output.shape
            small[3] = inputs[0].shape[3]
            scaleTask(node, small, s, &lowered, agon_space_to_depth)

        default:
            preconditionFailure("\(node.operation.name) at \(node.origin) has no kernel")
        }
    }

    // MARK: State

    private func lowerUpdate(_ parameter: Variable, rule: Int, gradient: Address, _ lowered: inout LoweredGroup) {
        let count = parameter.shape.count
        let parts = pieces(of: count, size: 32768)
        let states = updateParameters.rules[rule].states
        let kernel = updateParameters.rules[rule].kernel
        let numbers = UnsafePointer(updateParameters.values + rule * UpdateParameters.width)
        let update = vector.update
        lowered.tasks.append(
            KernelTask(pieces: parts.count) { piece, _ in
                let start = parts[piece].lowerBound
                func state(_ at: Int) -> UnsafeMutablePointer<Float>? {
                    at < states.count ? states[at].storage + start : nil
                }
                update?(
                    kernel, numbers, Int64(parts[piece].count), gradient.constant + start, parameter.storage + start,
                    state(0), state(1), state(2))
            })
    }

    // MARK: Upsampling folded into weights

    /// `folded[u, v, co, ci]` is the sum of the weights of `[k, k, ci, co]` that meet an upsampled pixel at offset
    /// (u, v): a box of 2 x 2 around `(k - 1 - u, k - 1 - v)` in the weight as a transposed convolution sees it.
    private func lowerFold(_ node: Node, _ lowered: inout LoweredGroup) {
        let (source, out) = (address(node.inputs[0].index), address(node.output.index))
        let k = node.inputs[0].shape[0]
        let (ci, co) = (node.inputs[0].shape[2], node.inputs[0].shape[3])
        lowered.tasks.append(
            KernelTask(pieces: (k + 1) * (k + 1), scratch: ci * co) { piece, scratch in
                let (u, v) = (piece / (k + 1), piece % (k + 1))
                scratch.update(repeating: 0, count: ci * co)
                for (i, j) in foldedTaps(u, v, kernel: k) {
                    let tap = source.constant + (i * k + j) * ci * co
                    for index in 0..<ci * co { scratch[index] += tap[index] }
                }
                agon_transpose(
                    scratch, Int64(ci), Int64(co), Int64(co), out.pointer + piece * ci * co, Int64(ci))
            })
    }

    private func lowerFoldGradient(_ node: Node, _ lowered: inout LoweredGroup) {
        let (source, out) = (address(node.inputs[0].index), address(node.output.index))
        let k = node.output.shape[0]
        let (ci, co) = (node.output.shape[2], node.output.shape[3])
        lowered.tasks.append(
            KernelTask(pieces: k * k, scratch: ci * co) { piece, scratch in
                let (i, j) = (piece / k, piece % k)
                scratch.update(repeating: 0, count: ci * co)
                for u in 0...k {
                    for v in 0...k where foldedTaps(u, v, kernel: k).contains(where: { $0 == (i, j) }) {
                        let tap = source.constant + (u * (k + 1) + v) * ci * co
                        for index in 0..<ci * co { scratch[index] += tap[index] }
                    }
                }
                agon_transpose(
                    scratch, Int64(co), Int64(ci), Int64(ci), out.pointer + piece * ci * co, Int64(co))
            })
    }

    // MARK: Movement

    private func copyTask(_ source: Address, to target: Address, count: Int, _ lowered: inout LoweredGroup) {
        let parts = pieces(of: count, size: 65536)
        lowered.tasks.append(
            KernelTask(pieces: parts.count) { piece, _ in
                (target.pointer + parts[piece].lowerBound).update(
                    from: source.constant + parts[piece].lowerBound, count: parts[piece].count)
            })
    }

    /// Work on `lines` lines of `size` elements: pieces are some lines, or parts of a long one.
    private func linesTask(
        _ lines: Int, _ size: Int, _ lowered: inout LoweredGroup, _ body: @escaping (Int, Range<Int>) -> Void
    ) {
        let elementsPerPiece = 32768
        if size <= elementsPerPiece {
            let parts = pieces(of: lines, size: elementsPerPiece / max(size, 1))
            lowered.tasks.append(
                KernelTask(pieces: parts.count) { piece, _ in parts[piece].forEach { body($0, 0..<size) } })
        } else {
            let parts = pieces(of: size, size: elementsPerPiece)
            lowered.tasks.append(
                KernelTask(pieces: lines * parts.count) { piece, _ in
                    body(piece / parts.count, parts[piece % parts.count])
                })
        }
    }

    // MARK: Images

    private func imagesTask<Geometry>(
        _ node: Node, _ geometry: Geometry, _ lowered: inout LoweredGroup,
        _ body: @escaping (UnsafePointer<Geometry>, Int32, Int32) -> Void
    ) {
        let images = node.output.shape[0]
        let elements = max(node.output.shape.count, node.inputs[0].shape.count) / max(images, 1)
        let parts = pieces(of: images, size: max(1, 32768 / max(elements, 1)))
        lowered.tasks.append(
            KernelTask(pieces: parts.count) { piece, _ in
                withUnsafePointer(to: geometry) {
                    body($0, Int32(parts[piece].lowerBound), Int32(parts[piece].upperBound))
                }
            })
    }

    private func scaleTask(
        _ node: Node, _ small: Shape, _ scale: Int, _ lowered: inout LoweredGroup,
        _ kernel:
            @escaping (UnsafePointer<Float>?, Int32, Int32, Int32, Int32, Int32, Int32, UnsafeMutablePointer<Float>?) ->
            Void
    ) {
        let (source, out) = (address(node.inputs[0].index), address(node.output.index))
        imagesTask(node, small, &lowered) { small, begin, end in
            let shape = small.pointee
            kernel(
                source.constant, Int32(shape[1]), Int32(shape[2]), Int32(shape[3]), Int32(scale), begin, end,
                out.pointer)
        }
    }
}

/// The taps (i, j) of a `kernel x kernel` weight whose sum is tap (u, v) of the folded one.
///
/// The output pixel `2 i + u - p` of the transposed convolution meets upsampled pixels `2 i` and `2 i + 1`, and a
/// convolution's weight runs against the transposed one's: taps `kernel - u - 1 + {0, 1}`, clipped.
func foldedTaps(_ u: Int, _ v: Int, kernel: Int) -> [(Int, Int)] {
    func axis(_ at: Int) -> [Int] { [kernel - at - 1, kernel - at].filter { (0..<kernel).contains($0) } }
    return axis(u).flatMap { i in axis(v).map { (i, $0) } }
}

/// A tensor as `[outer, extent, inner]` around one axis.
struct AxisView {
    let outer: Int, extent: Int, inner: Int

    init(_ shape: Shape, axis: Int) {
        outer = shape.dimensions[..<axis].reduce(1, *)
        extent = shape[axis]
        inner = shape.dimensions[(axis + 1)...].reduce(1, *)
    }
}

extension Padding {
    func kernelGeometry(_ input: Shape) -> agon_padding {
        agon_padding(
            height: Int32(input[1]), width: Int32(input[2]), channels: Int32(input[3]), top: Int32(top),
            left: Int32(left), bottom: Int32(bottom), right: Int32(right), reflection: reflection)
    }
}

extension PoolingGeometry {
    func kernelGeometry(channels: Int) -> agon_pooling {
        agon_pooling(
            height: Int32(inputHeight), width: Int32(inputWidth), channels: Int32(channels),
            output_height: Int32(outputHeight), output_width: Int32(outputWidth), kernel_height: Int32(kernelHeight),
            kernel_width: Int32(kernelWidth), stride_height: Int32(strideHeight), stride_width: Int32(strideWidth),
            padding_top: Int32(paddingTop), padding_left: Int32(paddingLeft))
    }
}
