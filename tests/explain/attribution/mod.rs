//! Attributions.

mod cam;
mod every_method;
mod gradient;
mod lrp;
mod perturbation;
mod reference;
mod smooth_grad;

use foveate::burn::tensor::Tensor;
use foveate::explain::{
    Attribution, CamRule, Deconvnet, ExplainError, GuidedBackprop, GuidedGradCam, InputXGradient,
    IntegratedGradients, Lrp, Model, Quadrature, Saliency, Target,
};
use foveate::models::{AnyNetwork, Classifier};

use crate::support::close::{relative_error, values};

type Method = Box<dyn Attribution<Classifier<AnyNetwork>>>;

/// The methods of tests/golden/attributions.py, by their names there.
fn methods(layer: &str) -> Vec<(&'static str, Method)> {
    let integrated = |rule, steps| -> Method {
        Box::new(IntegratedGradients { steps, rule, batch: 4, ..Default::default() })
    };
    let layer = layer.to_string();
    vec![
        ("saliency", Box::new(Saliency) as Method),
        ("input_x_gradient", Box::new(InputXGradient)),
        ("integrated_gradients.gausslegendre", integrated(Quadrature::GaussLegendre, 10)),
        ("integrated_gradients.riemann_middle", integrated(Quadrature::RiemannMiddle, 4)),
        ("integrated_gradients.riemann_trapezoid", integrated(Quadrature::RiemannTrapezoid, 4)),
        ("integrated_gradients.riemann_left", integrated(Quadrature::RiemannLeft, 4)),
        ("integrated_gradients.riemann_right", integrated(Quadrature::RiemannRight, 4)),
        ("guided_backprop", Box::new(GuidedBackprop)),
        ("deconvnet", Box::new(Deconvnet)),
        ("guided_grad_cam", Box::new(GuidedGradCam { layer })),
        ("lrp_epsilon", Box::new(Lrp::Epsilon(1e-9))),
    ]
}

const CAMS: [(&str, CamRule); 5] = [
    ("cam", CamRule::Cam),
    ("grad_cam", CamRule::GradCam),
    ("grad_cam_plus_plus", CamRule::GradCamPlusPlus),
    ("x_grad_cam", CamRule::XGradCam),
    ("layer_cam", CamRule::LayerCam),
];

/// A method of a caller's own: the gradient with its sign.
struct Gradient;

impl<M: Model> Attribution<M> for Gradient {
    fn attribute(
        &self,
        model: &M,
        input: &Tensor<4>,
        target: &Target,
    ) -> Result<Tensor<4>, ExplainError> {
        // sign(x g) sign(x) |g|, where no x is 0.
        let product = InputXGradient.attribute(model, input, target)?;
        let size = Saliency.attribute(model, input, target)?;
        Ok(product.sign() * input.clone().sign() * size)
    }
}

/// Score 0: the sum of the squares; score 1: of the cubes.
fn powers(x: Tensor<4>) -> Tensor<2> {
    let x = x.flatten::<2>(1, 3);
    Tensor::cat(vec![x.clone().powi_scalar(2).sum_dim(1), x.powi_scalar(3).sum_dim(1)], 1)
}

fn assert_near(found: Tensor<4>, expected: Tensor<4>, limit: f32, what: &str) {
    assert_eq!(found.dims(), expected.dims(), "{what}");
    let off = relative_error(&values(found.into_data()), &values(expected.into_data()));
    assert!(off <= limit, "{what}: {off:e}");
}
