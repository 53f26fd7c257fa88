import AgonGraph
import AgonTensors

// Convolution by its definition, and the gradients by theirs: one walk over all pairs of an output pixel and a tap that
// meets the image, so that padding, stride and dilation are written once.

private typealias Pointers = (UnsafePointer<Double>, UnsafePointer<Double>, UnsafeMutablePointer<Double>)

/// `y[n, oy, ox, co] += x[n, iy, ix, ci] * w[i, j, ci, co]`
func convolution(_ g: ConvolutionGeometry, x: [Double], weight: [Double]) -> [Double] {
    let batch = x.count / (g.height * g.width * g.inputChannels)
    return computed(g.outputShape(batch: batch).count, x, weight) { x, w, y in
        forEachProduct(g, batch: batch) { input, weight, output, count in
            var index = 0
            while index < count {
                y[output + index] += x[input] * w[weight + index]
                index += 1
            }
        }
    }
}

/// `dx[n, iy, ix, ci] += dy[n, oy, ox, co] * w[i, j, ci, co]`
func convolutionInputGradient(_ g: ConvolutionGeometry, gradient: [Double], weight: [Double]) -> [Double] {
    let batch = gradient.count / (g.outputHeight * g.outputWidth * g.outputChannels)
    return computed(g.inputShape(batch: batch).count, gradient, weight) { d, w, dx in
        forEachProduct(g, batch: batch) { input, weight, output, count in
            var (index, sum) = (0, 0.0)
            while index < count {
                sum += d[output + index] * w[weight + index]
                index += 1
            }
            dx[input] += sum
        }
    }
}

/// `dw[i, j, ci, co] += x[n, iy, ix, ci] * dy[n, oy, ox, co]`
func convolutionWeightGradient(_ g: ConvolutionGeometry, x: [Double], gradient: [Double]) -> [Double] {
    let batch = x.count / (g.height * g.width * g.inputChannels)
    return computed(g.weightShape.count, x, gradient) { x, d, dw in
        forEachProduct(g, batch: batch) { input, weight, output, count in
            var index = 0
            while index < count {
                dw[weight + index] += x[input] * d[output + index]
                index += 1
            }
        }
    }
}

private func computed(_ count: Int, _ a: [Double], _ b: [Double], _ body: (Pointers) -> Void) -> [Double] {
    var result = [Double](repeating: 0, count: count)
    a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
            result.withUnsafeMutableBufferPointer { result in
                if let a = a.baseAddress, let b = b.baseAddress, let result = result.baseAddress {
                    body((a, b, result))
                }
            }
        }
    }
    return result
}

/// Element numbers of each input value, with the first weight and output of the run of output channels it meets.
private func forEachProduct(
    _ g: ConvolutionGeometry, batch: Int, _ body: (_ input: Int, _ weight: Int, _ output: Int, _ count: Int) -> Void
) {
    let (inGroup, outGroup) = (g.inputChannels / g.groups, g.outputChannels / g.groups)
    for n in 0..<batch {
        for (oy, ox) in pairs(g.outputHeight, g.outputWidth) {
            for (i, j) in pairs(g.kernelHeight, g.kernelWidth) {
                let iy = oy * g.strideHeight - g.paddingTop + i * g.dilationHeight
                let ix = ox * g.strideWidth - g.paddingLeft + j * g.dilationWidth
                guard (0..<g.height).contains(iy), (0..<g.width).contains(ix) else { continue }
                let input = ((n * g.height + iy) * g.width + ix) * g.inputChannels
                let output = ((n * g.outputHeight + oy) * g.outputWidth + ox) * g.outputChannels
                for ci in 0..<g.inputChannels {
                    let group = ci / inGroup
                    let weight = ((i * g.kernelWidth + j) * inGroup + ci % inGroup) * g.outputChannels
                    body(input + ci, weight + group * outGroup, output + group * outGroup, outGroup)
                }
            }
        }
    }
}

private func pairs(_ height: Int, _ width: Int) -> [(Int, Int)] {
    (0..<height).flatMap { y in (0..<width).map { (y, $0) } }
}
