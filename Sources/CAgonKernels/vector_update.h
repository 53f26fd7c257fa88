// Optimizer updates, one pass over each parameter. The numbers that depend on the step (learning rate after the
// schedule, bias corrections) come in parameters[]. Included under each processor's attribute.
#include "agon_kernels.h"

#define AGON_LOOP _Pragma("clang loop vectorize(assume_safety) interleave(assume_safety)") for (int64_t i = 0; i < n; i++)

/// SGD: parameters = [rate, momentum, dampening, nesterov, weight decay, first step]; first: velocity.
static void update_sgd(const float *q, int64_t n, const float *gradient, float *value, float *velocity) {
    const float rate = q[0], momentum = q[1], keep = 1.0f - q[2], decay = q[4];
    const bool nesterov = q[3] != 0.0f, start = q[5] != 0.0f;
    if (momentum == 0.0f) {
        AGON_LOOP value[i] -= rate * (gradient[i] + decay * value[i]);
        return;
    }
    // PyTorch's first step uses the undamped gradient as velocity.
    const float into = start ? 1.0f : keep;
    AGON_LOOP {
        float g = gradient[i] + decay * value[i];
        float v = momentum * velocity[i] + into * g;
        velocity[i] = v;
        value[i] -= rate * (nesterov ? g + momentum * v : v);
    }
}

/// RMSProp: parameters = [rate, alpha, epsilon beside the root, momentum, centered, weight decay, epsilon in the root];
/// first: mean square, second: velocity, third: mean gradient.
static void update_rmsprop(const float *q, int64_t n, const float *gradient, float *value, float *square,
                           float *velocity, float *mean) {
    const float rate = q[0], alpha = q[1], epsilon = q[2], momentum = q[3], decay = q[5], rest = 1.0f - alpha;
    const float inner = q[6];
    const bool centered = q[4] != 0.0f;
    if (!centered && momentum == 0.0f) {
        AGON_LOOP {
            float g = gradient[i] + decay * value[i];
            float s = alpha * square[i] + rest * g * g;
            square[i] = s;
            value[i] -= rate * g / (vector_square_root(s + inner) + epsilon);
        }
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        float g = gradient[i] + decay * value[i];
        float s = alpha * square[i] + rest * g * g;
        square[i] = s;
        if (centered) {
            mean[i] = alpha * mean[i] + rest * g;
            s -= mean[i] * mean[i];
            // A difference of nearly equal numbers may round below zero; NaN stays.
            if (s < 0.0f) s = 0.0f;
        }
        float move = g / (vector_square_root(s + inner) + epsilon);
        if (momentum > 0.0f) {
            velocity[i] = momentum * velocity[i] + move;
            move = velocity[i];
        }
        value[i] -= rate * move;
    }
}

/// Adam family: parameters = [rate, beta1, beta2, epsilon, weight decay, decoupled decay, amsgrad,
/// 1 - beta1^t, 1 - beta2^t]; first: first moment, second: second moment, third: largest second moment (AMSGrad).
static void update_adam(const float *q, int64_t n, const float *gradient, float *value, float *first, float *second,
                        float *largest) {
    const float rate = q[0], beta1 = q[1], beta2 = q[2], epsilon = q[3], decay = q[4];
    const float shrink = q[5] != 0.0f ? 1.0f - rate * decay : 1.0f, coupled = q[5] != 0.0f ? 0.0f : decay;
    const float move = rate / q[7], scale = 1.0f / vector_square_root(q[8]), rest1 = 1.0f - beta1, rest2 = 1.0f - beta2;
    if (q[6] != 0.0f) {
        AGON_LOOP {
            float w = value[i] * shrink, g = gradient[i] + coupled * w;
            float m = beta1 * first[i] + rest1 * g, v = beta2 * second[i] + rest2 * g * g;
            float top = largest[i] > v ? largest[i] : v;
            first[i] = m;
            second[i] = v;
            largest[i] = top;
            value[i] = w - move * m / (vector_square_root(top) * scale + epsilon);
        }
        return;
    }
    AGON_LOOP {
        float w = value[i] * shrink, g = gradient[i] + coupled * w;
        float m = beta1 * first[i] + rest1 * g, v = beta2 * second[i] + rest2 * g * g;
        first[i] = m;
        second[i] = v;
        value[i] = w - move * m / (vector_square_root(v) * scale + epsilon);
    }
}

/// Adagrad: parameters = [rate after decay, epsilon, weight decay]; first: sum of squares.
static void update_adagrad(const float *q, int64_t n, const float *gradient, float *value, float *sum) {
    const float rate = q[0], epsilon = q[1], decay = q[2];
    AGON_LOOP {
        float g = gradient[i] + decay * value[i];
        float s = sum[i] + g * g;
        sum[i] = s;
        value[i] -= rate * g / (vector_square_root(s) + epsilon);
    }
}

/// Adadelta: parameters = [rate, rho, epsilon, weight decay]; first: mean square, second: mean squared move.
static void update_adadelta(const float *q, int64_t n, const float *gradient, float *value, float *square,
                            float *moved) {
    const float rate = q[0], rho = q[1], epsilon = q[2], decay = q[3];
    AGON_LOOP {
        float g = gradient[i] + decay * value[i];
        float s = rho * square[i] + (1.0f - rho) * g * g;
        float move = vector_square_root(moved[i] + epsilon) / vector_square_root(s + epsilon) * g;
        square[i] = s;
        moved[i] = rho * moved[i] + (1.0f - rho) * move * move;
        value[i] -= rate * move;
    }
}

static void run_update(int32_t rule, const float *q, int64_t n, const float *gradient, float *value, float *first,
                       float *second, float *third) {
    switch (rule) {
        case AGON_UPDATE_SGD: update_sgd(q, n, gradient, value, first); break;
        case AGON_UPDATE_RMSPROP: update_rmsprop(q, n, gradient, value, first, second, third); break;
        case AGON_UPDATE_ADAM: update_adam(q, n, gradient, value, first, second, third); break;
        case AGON_UPDATE_ADAGRAD: update_adagrad(q, n, gradient, value, first); break;
        case AGON_UPDATE_ADADELTA: update_adadelta(q, n, gradient, value, first, second); break;
        default: break;
    }
}

#undef AGON_LOOP
